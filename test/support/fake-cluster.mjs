#!/usr/bin/env node
// A cluster in memory behind `kubectl proxy --unix-socket=PATH`. It takes pods and replays for each what a real server
// told of one that succeeded (test/fixtures/kubernetes/succeeded.json).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const fixture = path.join(import.meta.dirname, '..', 'fixtures', 'kubernetes', 'succeeded.json');
const recorded = JSON.parse(readFileSync(fixture, 'utf8')).map(({ type, object }) => ({ type, object }));
const socket = process.argv.find((arg) => arg.startsWith('--unix-socket=')).slice('--unix-socket='.length);

/** Objects by `KIND/NAME`. */
const objects = new Map();
const watchers = new Set();
let version = 1;

function tell(type, object) {
  const line = `${JSON.stringify({ type, object })}\n`;
  for (const watcher of watchers) watcher.write(line);
}

/** The pod in a recorded state. */
const inState = ({ metadata, spec }, { object }) => ({
  ...object,
  metadata: { ...object.metadata, ...metadata, resourceVersion: String(version++) },
  spec: { ...object.spec, ...spec, nodeName: object.spec.nodeName },
  status: {
    ...object.status,
    containerStatuses: object.status.containerStatuses?.map((status) => ({ ...status, name: spec.containers[0].name })),
  },
});

async function replay(name) {
  for (const event of recorded) {
    const pod = objects.get(`pods/${name}`);
    if (!pod) return;
    const next = inState(pod, event);
    objects.set(`pods/${name}`, next);
    tell(event.type, next);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function answer(request, response, body) {
  const { pathname, searchParams } = new URL(request.url, 'http://cluster');
  const [, , , , , kind, name, part] = pathname.split('/');
  const send = (value, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const key = `${kind}/${name}`;
  if (pathname === '/version') return send({ major: '1', minor: '20', gitVersion: 'v1.20.2' });
  if (kind === undefined) return send({ metadata: { uid: 'namespace' } });
  if (request.method === 'POST') {
    const object = JSON.parse(body);
    object.metadata.uid = `uid-${version++}`;
    objects.set(`${kind}/${object.metadata.name}`, object);
    send(object, 201);
    if (kind === 'pods') void replay(object.metadata.name);
  } else if (searchParams.get('watch')) {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
  } else if (name === undefined) {
    const items = [...objects].filter(([at]) => at.startsWith(`${kind}/`)).map(([, object]) => object);
    send({ metadata: { resourceVersion: String(version) }, items });
  } else if (!objects.has(key)) send({ reason: 'NotFound', message: `${key} not found` }, 404);
  else if (part === 'log') {
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.end(`2026-11-29T12:04:48.000000000Z line of ${name}\n`);
  } else {
    const object = objects.get(key);
    send(object);
    if (request.method !== 'DELETE') return;
    objects.delete(key);
    if (kind === 'pods') tell('DELETED', object);
  }
}

createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  request.on('end', () => answer(request, response, body));
}).listen(socket, () => process.stdout.write(`Starting to serve on ${socket}\n`));
