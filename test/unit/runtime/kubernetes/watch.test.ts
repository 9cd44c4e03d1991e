import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterEach, expect, test } from 'vitest';
import { RuntimeAvailability } from '../../../../src/engine/availability.js';
import { ApiError, KubernetesApi } from '../../../../src/runtime/kubernetes/api.js';
import { PodWatch } from '../../../../src/runtime/kubernetes/watch.js';

const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-test-'));
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Answer {
  status?: number;
  /** Lines of JSON; a list ends after them, a watch only if it is followed by another answer. */
  lines: object[];
}

/** A cluster behind a kubectl that answers the requests for pods one after the other, and repeats the last. */
function clusterThatAnswers(name: string, answers: Answer[]): KubernetesApi {
  const kubectl = path.join(directory, name);
  const serve = `
    const { createServer } = require('node:http');
    const answers = ${JSON.stringify(answers)};
    const socket = process.argv.find((arg) => arg.startsWith('--unix-socket=')).slice(14);
    createServer((request, response) => {
      const { status = 200, lines } = answers.length > 1 ? answers.shift() : answers[0];
      response.writeHead(status, { 'Content-Type': 'application/json', 'X-Asked': request.url });
      response.write(lines.map((line) => JSON.stringify(line).replace('ASKED', request.url)).join('\\n') + '\\n');
      if (answers.length > 1 || lines.length > 0) response.end();
    }).listen(socket, () => console.log('Starting to serve on ' + socket));
  `;
  writeFileSync(kubectl, `#!${process.execPath}\n${serve}`);
  chmodSync(kubectl, 0o755);
  const settings = { kind: 'kubernetes', context: 'c', namespace: 'n', imagesOnNodes: true } as const;
  const api = new KubernetesApi({
    settings: { ...settings, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
    ...{ kubectl, env: process.env, patienceMs: 30_000 },
  });
  closing.push(() => api.close());
  return api;
}

const pod = (name: string, version: string): Pod => ({ metadata: { name, uid: name, resourceVersion: version } });
const list = (version: string, ...items: Pod[]): Answer => ({
  lines: [{ metadata: { resourceVersion: version }, items }],
});
const gone = { type: 'ERROR', object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 } };

/** What followers of pods are told, until `count` times. */
async function told(api: KubernetesApi, names: readonly string[], count: number): Promise<string[]> {
  const watch = new PodWatch(api, 'a=b', new RuntimeAvailability(() => {}, Date.now));
  closing.push(() => watch.close());
  const heard: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const name of names) {
      watch.follow(name, (found) => {
        heard.push(`${name} ${found?.metadata?.resourceVersion ?? 'is gone'}`);
        if (heard.length === count) resolve();
      });
    }
    watch.run().catch(reject);
  });
  return heard;
}

test('a watch tells changes, goes on after it broke off, and lists again what the server no longer knows', async () => {
  const api = clusterThatAnswers('kubectl-watch', [
    list('1', pod('a', '1'), pod('c', '1')),
    {
      lines: [
        { type: 'MODIFIED', object: pod('a', '2') },
        { type: 'BOOKMARK', object: pod('', '3') },
      ],
    },
    { lines: [{ type: 'ADDED', object: pod('b', '4') }, { type: 'DELETED', object: pod('a', '5') }, gone] },
    list('8', pod('b', '7')),
    { status: 410, lines: [{ kind: 'Status', reason: 'Expired', message: 'too old resource version' }] },
    list('9', pod('b', '9')),
    { lines: [] },
  ]);
  expect(await told(api, ['a', 'b', 'c'], 8)).toEqual([
    ...['a 1', 'c 1', 'a 2', 'b 4', 'a is gone'],
    ...['b 7', 'c is gone', 'b 9'],
  ]);
});

test('a watch ends the run if it may not look at pods', async () => {
  const message = 'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "n"';
  const api = clusterThatAnswers('kubectl-forbidden', [{ status: 403, lines: [{ reason: 'Forbidden', message }] }]);
  const error = await told(api, ['a'], 1).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', message });
});

test('a right that is missing for a while is waited for, if it was there or the server has just come back', async () => {
  const message = 'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "n"';
  const api = clusterThatAnswers('kubectl-restarted', [
    list('1'),
    { status: 403, lines: [{ reason: 'Forbidden', message }] },
    { status: 502, lines: [{ message: 'connection refused' }] },
    { status: 403, lines: [{ reason: 'Forbidden', message }] },
    list('2'),
  ]);
  const ask = (path: string): Promise<unknown> => api.call({ method: 'GET', path });
  const waits = { code: 'UNAVAILABLE', message: `The cluster does not allow it at the moment: ${message}.` };
  await ask('pods');
  await expect(ask('pods')).rejects.toMatchObject(waits);
  await expect(ask('pods')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(ask('pods/a')).rejects.toMatchObject(waits);
  await expect(ask('pods')).resolves.toMatchObject({ metadata: { resourceVersion: '2' } });
});

test('without kubectl, or with one that cannot be used, the error says what to do', async () => {
  const failing = path.join(directory, 'kubectl-failing');
  writeFileSync(failing, '#!/bin/sh\necho "error: context \\"c\\" does not exist" >&2; exit 1\n');
  chmodSync(failing, 0o755);
  const api = (kubectl: string): KubernetesApi =>
    new KubernetesApi({
      settings: {
        ...{ kind: 'kubernetes', context: 'c', namespace: 'n', imagesOnNodes: true, imagePullSecrets: [] },
        ...{ nodeSelector: {}, tolerations: [] },
      },
      ...{ kubectl, env: process.env, patienceMs: 30_000 },
    });
  const ask = (kubectl: string): Promise<unknown> => api(kubectl).call({ method: 'GET', path: 'pods' });
  await expect(ask(path.join(directory, 'nonesuch'))).rejects.toMatchObject({
    ...{ code: 'FAILED_PRECONDITION', fix: expect.stringContaining('LOCALRUN_KUBECTL') },
  });
  await expect(ask(failing)).rejects.toMatchObject({
    message: `${failing} cannot be used to reach the cluster: context "c" does not exist`,
  });
  rmSync(directory, { recursive: true });
});
