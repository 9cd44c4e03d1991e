import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { methodNamed, written } from '../../src/server/grpc/messages.js';
import { methods } from '../../src/server/methods/methods.js';
import { framed, GrpcClient } from '../support/grpc.js';
import { jobInput } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

const parent = 'projects/p/locations/us-central1';
const name = `${parent}/jobs/nightly`;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const numRuns = Number(process.env['LOCALRUN_FUZZ'] ?? 500);

let server: ServerWorld;
const health = (): Promise<object> => new GrpcClient(server.server.port).ask('grpc.health.v1.Health.Check');

async function open(): Promise<void> {
  server = await ServerWorld.open();
  await new GrpcClient(server.server.port).ask('CreateJob', { parent, jobId: 'nightly', job: jobInput() });
}

/** A connection over HTTP/2, which ends with the test. */
function session(): http2.ClientHttp2Session {
  const opened = http2.connect(server.server.url).on('error', () => {});
  onTestFinished(() => opened.destroy());
  return opened;
}

/** Until a stream is closed, by an error or not. */
const gone = (stream: { closed: boolean; once: (event: 'close', then: () => void) => unknown }): Promise<void> =>
  new Promise((resolve) => (stream.closed ? resolve() : void stream.once('close', resolve)));

/**
 * Bytes over a connection of their own, which the client ends. The server mostly ends it at once. What Node's HTTP/2
 * gives up on after broken settings stays until the server finds that nobody answers.
 */
async function raw(sent: Buffer): Promise<void> {
  const socket = net.connect(server.server.port, '127.0.0.1').on('error', () => {});
  socket.resume().end(sent);
  await Promise.race([gone(socket), sleep(300)]);
  socket.destroy();
}

/** A request that each method takes. */
const seeds = methods.map(({ service, rpc }) => {
  const { input } = methodNamed(service, rpc);
  const request = {
    parent,
    name,
    resource: name,
    jobId: 'x',
    job: { ...jobInput(), name },
    pageSize: 1,
    timeout: '1s',
  };
  const fields = Object.entries(request).filter(([field]) => input.fields.some(({ jsonName }) => jsonName === field));
  return { path: `/${service}/${rpc}`, bytes: written(input, Object.fromEntries(fields)) };
});

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
/** A message, some of its bytes replaced, and it cut or repeated. */
const message = fc
  .record({ seed: fc.constantFrom(...seeds), at: fc.nat(), put: bytes, cut: fc.option(fc.nat()), twice: fc.boolean() })
  .map(({ seed, at, put, cut, twice }) => {
    const changed = Buffer.from(seed.bytes);
    put.copy(changed, changed.length > 0 ? at % changed.length : 0);
    const whole = twice ? Buffer.concat([changed, changed]) : changed;
    return { path: seed.path, bytes: whole.subarray(0, cut === null ? undefined : cut % (whole.length + 1)) };
  });
const frame = fc.oneof(
  { weight: 4, arbitrary: fc.constant('right' as const) },
  fc.constantFrom('none', 'two', 'short', 'long', 'compressed'),
);
const frames = {
  right: framed,
  none: () => Buffer.alloc(0),
  two: (of: Buffer) => Buffer.concat([framed(of), framed(of)]),
  short: (of: Buffer) => framed(of).subarray(0, -1),
  long: (of: Buffer) => Buffer.concat([framed(of), Buffer.from([0, 255, 255, 255, 255])]),
  compressed: (of: Buffer) => Buffer.concat([Buffer.from([1]), framed(of).subarray(1)]),
};
const headers: fc.Arbitrary<http2.OutgoingHttpHeaders> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.constantFrom<http2.OutgoingHttpHeaders>(
    { ':path': '/%ff/../x' },
    { ':path': '/google.cloud.run.v2.Jobs/getJob' },
    { ':authority': 'example.com' },
    { ':method': 'GET' },
    { ':method': 'PUT' },
    { 'content-type': 'text/html' },
    { 'content-type': 'application/grpc-web+json' },
    { 'grpc-encoding': 'gzip' },
    { 'grpc-encoding': 'no' },
    { 'grpc-timeout': '0n' },
    { 'grpc-timeout': '99999999H' },
    { 'grpc-timeout': 'soon' },
    { 'x-bin': '%%%' },
    { origin: 'http://example.com' },
    { large: 'x'.repeat(20_000) },
  ),
);

test('requests changed at random get a status, and none shows a fault', async () => {
  await open();
  let connection = session();
  const ask = async (path: string, more: http2.OutgoingHttpHeaders, body: Buffer): Promise<string | undefined> => {
    if (connection.closed || connection.destroyed) connection = session();
    const fields = {
      ':path': path,
      ':method': 'POST',
      'content-type': 'application/grpc',
      'grpc-timeout': '3S',
      ...more,
    };
    const stream = connection.request(fields).on('error', () => {});
    let status: string | undefined;
    const note = (answered: http2.IncomingHttpHeaders): void => {
      status = answered['grpc-status']?.toString() ?? status ?? answered[':status']?.toString();
    };
    stream.on('response', note).on('trailers', note).resume().end(body);
    await gone(stream);
    return status;
  };
  await fc.assert(
    fc.asyncProperty(message, frame, headers, async ({ path, bytes: of }, kind, more) => {
      const status = await ask(path, more, frames[kind](of));
      // gRPC itself has INTERNAL for these two.
      const internal = kind === 'compressed' || more['grpc-timeout'] === 'soon';
      expect(internal ? [] : ['2', '13', '15', '500', undefined]).not.toContain(status);
    }),
    { numRuns },
  );
  expect(await health()).toEqual({ status: 'SERVING' });
  expect(server.faults).toEqual([]);
});

test('what is no HTTP/2, floods and idle connections do no harm', async () => {
  await open();
  const frameOf = fc
    .tuple(fc.nat(20), fc.nat(12), fc.nat(255), fc.constantFrom(0, 1, 3, 2 ** 31 - 1), bytes)
    .map(([length, type, flags, stream, payload]) => {
      const header = Buffer.alloc(9);
      header.writeUIntBE(length, 0, 3);
      header.writeUInt8(type, 3);
      header.writeUInt8(flags, 4);
      header.writeUInt32BE(stream, 5);
      return Buffer.concat([header, payload]);
    });
  await fc.assert(
    fc.asyncProperty(fc.nat(preface.length), fc.array(frameOf, { maxLength: 5 }), async (cut, sent) => {
      await raw(Buffer.concat([Buffer.from(preface.slice(0, cut + 3)), ...sent]));
    }),
    { numRuns: Math.ceil(numRuns / 5) },
  );
  await raw(Buffer.from('PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n'));

  // More resets than any client has a reason for.
  const flooding = session();
  for (let i = 0; i < 5000 && !flooding.destroyed; i++) {
    const stream = flooding.request({ ':path': seeds[0]?.path, ':method': 'POST', 'content-type': 'application/grpc' });
    stream.on('error', () => {}).close(http2.constants.NGHTTP2_CANCEL);
    if (i % 50 === 0) await new Promise(setImmediate);
  }
  expect(await health()).toEqual({ status: 'SERVING' });
  const polite = session();
  await once(polite, 'remoteSettings');
  expect(polite.remoteSettings.maxConcurrentStreams).toBe(100);

  // Idle ones count, and no more are taken than there may be.
  const idle = Array.from({ length: 600 }, () =>
    net.connect(server.server.port, '127.0.0.1', function (this: net.Socket) {
      this.write('PRI * HTTP/2.0\r\n');
    }),
  );
  const closed = new Set<net.Socket>();
  for (const socket of idle) socket.on('error', () => {}).on('close', () => closed.add(socket));
  await vi.waitFor(() => expect(closed.size).toBeGreaterThanOrEqual(600 - 512), 5000);
  for (const socket of idle) socket.destroy();
  await vi.waitFor(async () => expect(await health()).toEqual({ status: 'SERVING' }), 5000);
  expect(server.faults).toEqual([]);
});
