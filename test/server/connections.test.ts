import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { json } from 'node:stream/consumers';
import tls from 'node:tls';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openServer } from '../../src/server/server.js';
import { createJob } from '../../src/service/jobs.js';
import { FakeEngine } from '../support/fake-engine.js';
import { GrpcClient } from '../support/grpc.js';
import { jobInput, parent } from '../support/jobs.js';
import { type Answer, ServerWorld } from '../support/server.js';
import { tempDirectory } from '../support/temp.js';

const jobs = '/v2/projects/p/locations/us-central1/jobs';

/** What a connection gets that sends some text. */
async function said(port: number, text: string, { end = false } = {}): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.setEncoding('utf8').on('data', (part: string) => (got += part));
  socket.on('error', () => {}).on('end', () => socket.end());
  socket.write(text);
  if (end) socket.end();
  await once(socket, 'close');
  return got;
}

/** A certificate of its own for this machine. */
function certificate(): { cert: string; key: string } {
  const directory = tempDirectory();
  const file = (name: string): string => path.join(directory, name);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
    ],
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(file('cert.pem'), 'utf8'), key: readFileSync(file('key.pem'), 'utf8') };
}

describe('who may ask', () => {
  const denied = (code: number): Answer => ({
    status: code,
    body: {
      error: expect.objectContaining({
        code,
        status: code === 401 ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED',
      }) as unknown,
    },
  });

  test.for([
    ['127.0.0.1', true],
    ['127.0.0.1:8080', true],
    ['localhost', true],
    ['LOCALHOST:1', true],
    ['[::1]:8080', true],
    ['us-central1-localhost:8080', true],
    ['europe-west1-127.0.0.1', true],
    ['example.com', false],
    ['localhost.example.com', false],
    ['127.0.0.1.example.com', false],
    ['example.com-localhost', false],
    ['us-central1-run.googleapis.com', false],
    ['127.0.0.1@example.com', false],
    ['169.254.169.254', false],
  ] as const)('the host %j: %s', async ([host, allowed]) => {
    const server = await ServerWorld.open();
    const answer = await server.raw('GET', jobs, { host });
    expect(answer).toEqual(allowed ? { status: 200, body: {} } : denied(403));
  });

  test('the host of a whole address counts, and not the header beside it', async () => {
    const server = await ServerWorld.open();
    const whole = `http://us-central1-localhost:8080${jobs}`;
    expect(await server.raw('GET', whole, { host: 'example.com' })).toEqual({ status: 200, body: {} });
    for (const host of ['example.com', 'localhost@example.com', '']) {
      expect(await server.raw('GET', `http://${host}${jobs}`, { host: 'localhost' })).toEqual(denied(403));
    }
  });

  test('a page of another site may not, and its own may', async () => {
    const server = await ServerWorld.open();
    const { port } = server.server;
    const host = `localhost:${port}`;
    for (const headers of [
      { origin: 'http://example.com' },
      { origin: 'null' },
      { origin: `http://localhost:${port + 1}` },
      { origin: `http://127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await server.raw('GET', jobs, { host, ...headers })).toEqual(denied(403));
    }
    for (const headers of [
      { origin: `http://${host}` },
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ]) {
      expect(await server.raw('GET', jobs, { host, ...headers })).toEqual({ status: 200, body: {} });
    }
    const response = await fetch(`${server.server.url}${jobs}`, { method: 'OPTIONS' });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('with a token, whoever brings it, by whatever name', async () => {
    const server = await ServerWorld.open({ token: 'hush' });
    for (const headers of [
      {},
      { authorization: 'Bearer hus' },
      { authorization: 'Basic hush' },
      { authorization: 'Bearer' },
    ]) {
      expect(await server.raw('GET', jobs, headers)).toEqual(denied(401));
    }
    expect(await server.raw('GET', `${jobs}?access_token=other`)).toEqual(denied(401));
    const ok = { status: 200, body: {} };
    expect(await server.raw('GET', jobs, { authorization: 'Bearer hush', host: 'build.example.com' })).toEqual(ok);
    expect(await server.raw('GET', `${jobs}?access_token=hush`)).toEqual(ok);
    const opened = await fetch(`${server.server.url}/jobs/a?access_token=hush&tab=yaml`, { redirect: 'manual' });
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/jobs/a?tab=yaml']);
    const [cookie = ''] = opened.headers.get('set-cookie')?.split(';') ?? [];
    expect(opened.headers.get('set-cookie')).toBe(`${cookie}; Path=/; HttpOnly; SameSite=Strict`);
    expect(await server.raw('GET', jobs, { cookie: `a=b; ${cookie}` })).toEqual(ok);
    // The cookie of another server on this host, or of an earlier one.
    const stale = cookie.replace(/=.*/, '=b2xk');
    expect(await server.raw('GET', jobs, { cookie: stale })).toEqual(denied(401));
    expect(await server.raw('GET', jobs, { cookie: stale, authorization: 'Bearer hush' })).toEqual(ok);
    expect(await server.raw('GET', jobs, { cookie: cookie.replace(/-\d+=/, '-1=') })).toEqual(denied(401));
    expect(await server.raw('GET', jobs, { authorization: 'Bearer hush', origin: 'http://example.com' })).toEqual(
      denied(403),
    );
  });
});

describe('a connection', () => {
  test('may be slow about its first bytes, and end its side early', async () => {
    const server = await ServerWorld.open();
    const { port } = server.server;
    const request = `GET ${jobs} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    expect(await said(port, request, { end: true })).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{\}\n$/);
    const socket = net.connect(port, '127.0.0.1');
    let got = '';
    socket.setEncoding('utf8').on('data', (part: string) => (got += part));
    for (const letter of `P${request.slice(1).replace('ET ', 'UT ')}`) {
      socket.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, 'close');
    expect(got).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  });

  test('that speaks something else, or too much, is told so and closed', async () => {
    const server = await ServerWorld.open();
    const { port } = server.server;
    expect(await said(port, 'EHLO example.com\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(await said(port, `GET / HTTP/1.1\r\nA: ${'a'.repeat(17 * 1024)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/,
    );
    expect(await said(port, '\u0016\u0003\u0001\u0002', { end: true })).toMatch(/^HTTP\/1\.1 400 |^$/);
    expect(await said(port, `GET ${jobs} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    const head = `POST ${jobs}?jobId=a HTTP/1.1\r\nHost: localhost\r\n`;
    const smuggled = `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(await said(port, smuggled)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: {} });
    expect(server.faults).toEqual([]);
  });

  test('that sends a body of more than 10 MB is told so, and one with less is read', async () => {
    const server = await ServerWorld.open();
    const variables = (bytes: number): object =>
      jobInput(
        {},
        {
          containers: [
            {
              image: 'a',
              env: Array.from({ length: Math.floor(bytes / 30_000) }, (_, i) => ({
                name: `A${i}`,
                value: 'x'.repeat(30_000),
              })),
            },
          ],
        },
      );
    expect(await server.ask('POST', 'jobs?jobId=large', variables(9_900_000))).toMatchObject({ status: 200 });
    expect(await server.ask('POST', 'jobs?jobId=larger', variables(11_000_000))).toMatchObject({
      status: 400,
      body: { error: { message: 'Request payload size exceeds the limit: 10485760 bytes.' } },
    });
    const chunked = http.request(`${server.server.url}${jobs}?jobId=a`, { method: 'POST', agent: false });
    chunked.on('error', () => {});
    const answered = once(chunked, 'response') as Promise<[http.IncomingMessage]>;
    for (let sent = 0; sent < 11 * 2 ** 20; sent += 2 ** 20) chunked.write(Buffer.alloc(2 ** 20, 32));
    const [response] = await answered;
    expect(response.statusCode).toBe(400);
    chunked.destroy();
    expect(server.faults).toEqual([]);
  });

  test('stays open between requests, and nobody meets its end who believes what the server says of it', async () => {
    const server = await ServerWorld.open({ limits: { idle: 4000 } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    onTestFinished(() => agent.destroy());
    const used = new Set<unknown>();
    const ask = async (): Promise<unknown> => {
      const request = http.get(`${server.server.url}${jobs}`, { agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      expect(response.headers['keep-alive']).toBe('timeout=2');
      used.add(request.socket);
      return json(response);
    };
    const all = (): Promise<unknown[]> => Promise.all(Array.from({ length: 16 }, ask));
    for (let round = 0; round < 10; round++) expect(await all()).toEqual(Array.from({ length: 16 }, () => ({})));
    expect(used.size).toBe(16);
    for (const pause of [900, 1000, 2000, 3990, 4010]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(await all()).toHaveLength(16);
    }
  });
});

describe('a connection that takes its time', () => {
  /** Short ones: the server looks every second. */
  const limits = { headers: 300, body: 300, connections: 3 };
  const late = /^HTTP\/1\.1 408 Request Timeout\r\n[^]*"status":"DEADLINE_EXCEEDED"/;

  test('is closed: before its first bytes, within the headers and within the body', async () => {
    const { port } = (await ServerWorld.open({ limits })).server;
    const head = `POST ${jobs}?jobId=a HTTP/1.1\r\nHost: localhost\r\n`;
    const [nothing, half, headers, body] = await Promise.all([
      said(port, ''),
      said(port, 'PR'),
      said(port, head),
      new Promise((resolve) => setTimeout(resolve, 400)).then(() => said(port, `${head}Content-Length: 100\r\n\r\n{`)),
    ]);
    expect([nothing, half]).toEqual(['', '']);
    expect(headers).toMatch(late);
    expect(body).toMatch(late);
  });

  test('is closed without an agreement on TLS', async () => {
    const { port } = (await ServerWorld.open({ limits, tls: certificate() })).server;
    expect(await said(port, '')).toBe('');
  });

  test('and a call of gRPC without its request ends', async () => {
    const { port } = (await ServerWorld.open({ limits })).server;
    const session = http2.connect(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const call = session.request({
      ...{ ':method': 'POST', ':path': '/google.cloud.run.v2.Jobs/GetJob' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    const [{ 'grpc-status': status }] = (await once(call, 'response')) as [http2.IncomingHttpHeaders];
    expect(status).toBe('4');
  });

  test('leaves no room for others beyond the limit', async () => {
    const { port } = (await ServerWorld.open({ limits: { connections: 3 } })).server;
    const open = Array.from({ length: 3 }, () => net.connect(port, '127.0.0.1'));
    for (const socket of open) socket.on('error', () => {});
    onTestFinished(() => open.forEach((socket) => socket.destroy()));
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    const request = `GET ${jobs} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    // It may be reset.
    const answer = (): Promise<string> => said(port, request).catch(() => '');
    expect(await answer()).toBe('');
    open[0]?.destroy();
    await vi.waitFor(async () => expect(await answer()).toContain('200 OK'));
  });
});

describe('a server that closes', () => {
  test('answers what it has begun, with what there is, and takes no more', async () => {
    const server = await ServerWorld.open({ runtime: new FakeEngine(() => ({ ms: 60_000 })) });
    const { body: created } = await server.ask<{ name: string }>('POST', 'jobs?jobId=nightly', jobInput());
    expect(created).toMatchObject({ done: true });
    const { body: run } = await server.ask<{ name: string }>('POST', 'jobs/nightly:run');
    const waiting = server.ask('POST', `/v2/${run.name}:wait`, { timeout: '60s' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const since = performance.now();
    await server.server.close();
    expect(performance.now() - since).toBeLessThan(4000);
    const answer = await waiting;
    expect(answer).toMatchObject({ status: 200, body: { name: run.name } });
    expect(answer).not.toHaveProperty('body.done');
    await expect(server.raw('GET', jobs)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('does not wait for connections that say nothing, as browsers open in advance', async () => {
    const server = await ServerWorld.open();
    const silent = net.connect(server.server.port, '127.0.0.1');
    await once(silent, 'connect');
    expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: {} });
    const since = performance.now();
    await server.server.close();
    expect(performance.now() - since).toBeLessThan(4000);
  });
});

test('many may wait at a time, which Node.js takes for no leak', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  const server = await ServerWorld.open({ work: false });
  await server.ask('POST', 'jobs?jobId=nightly', jobInput());
  const { body: run } = await server.ask<{ name: string }>('POST', 'jobs/nightly:run');
  const wait = (): Promise<Answer> => server.ask('POST', `/v2/${run.name}:wait`, { timeout: '0.5s' });
  for (const { status } of await Promise.all(Array.from({ length: 20 }, wait))) expect(status).toBe(200);
  expect(warnings).toEqual([]);
});

test('with TLS, both sides agree on the protocol', async () => {
  const { cert, key } = certificate();
  const server = await ServerWorld.open({ tls: { cert, key } });
  const { port, url } = server.server;
  expect(url).toBe(`https://127.0.0.1:${port}`);
  const grpc = new GrpcClient(port, { secure: Buffer.from(cert) });
  expect(await grpc.ask('grpc.health.v1.Health.Check')).toEqual({ status: 'SERVING' });
  // HTTP/2 is for clients that speak nothing else: over it there is only gRPC.
  const socket = tls.connect({ port, host: '127.0.0.1', ca: cert, ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
  let got = '';
  socket.setEncoding('utf8').on('data', (part: string) => (got += part));
  socket.write(`GET ${jobs} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{\}\n$/);
  expect(await said(port, `GET ${jobs} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).not.toContain('200 OK');
});

test('a port that another program has, and a key that is none, are reported', async () => {
  const server = await ServerWorld.open();
  const { port } = server.server;
  const options = { host: '127.0.0.1', port, call: { ...server.world.call, ...parent }, report: () => {} };
  await expect(openServer(options)).rejects.toThrow(
    `Cannot listen on port ${port} of 127.0.0.1: another program has it.`,
  );
  await expect(openServer({ ...options, port: 0, tls: { cert: 'x', key: 'y' } })).rejects.toThrow(
    /^The certificate or its key/,
  );
});

test('jobs of many are listed in pages', async () => {
  const server = await ServerWorld.open();
  for (let i = 0; i < 25; i++) createJob(server.world.call, { parent, jobId: `job-${i}`, job: jobInput() });
  const names: string[] = [];
  for (let token = ''; ;) {
    const { body } = await server.ask<{ jobs: { name: string }[]; nextPageToken?: string }>(
      'GET',
      `jobs?pageSize=10&pageToken=${token}`,
    );
    names.push(...body.jobs.map(({ name }) => name));
    if (body.nextPageToken === undefined) break;
    token = body.nextPageToken;
  }
  expect(names).toHaveLength(25);
  expect(new Set(names).size).toBe(25);
});
