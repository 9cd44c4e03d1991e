import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { startupProbe } from '../../../../../src/runtime/docker/attempts/probe.js';

/** A connection that ends with an error, once it is written to, or read first. */
function broken(code: string, when: 'write' | 'read'): Duplex {
  const error = Object.assign(new Error(`${when} ${code}`), { code });
  return new Duplex({
    read() {
      if (when === 'read') setImmediate(() => this.destroy(error));
    },
    write: (_chunk, _encoding, done) => (when === 'write' ? done(error) : done()),
  });
}

test.for([
  ['before it is asked', () => broken('EPIPE', 'write')],
  ['while it is asked', () => broken('ECONNRESET', 'read')],
  ['before it is written to', () => broken('ERR_STREAM_DESTROYED', 'write')],
  [
    'after that',
    () =>
      new Duplex({
        read: () => {},
        write() {
          this.push(null);
        },
      }),
  ],
] as const)('a container that hangs up %s', async ([, connection], { signal }) => {
  const probe = { httpGet: { port: 80 }, failureThreshold: 1 };
  expect(await startupProbe(probe, async () => connection(), signal)).toEqual({
    probe: 'HTTP (port 80, path /)',
    failures: 1,
    detail: 'socket hang up',
  });
});
