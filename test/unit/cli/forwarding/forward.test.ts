import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { forward } from '../../../../src/cli/forwarding/forward.js';
import { framed } from '../../../../src/cli/forwarding/frames.js';
import type { Signal } from '../../../../src/cli/io.js';
import { testIo } from '../../../support/io.js';
import { tempDirectory } from '../../../support/temp.js';

/** A command line that a worker has, which does nothing by itself. */
async function called() {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let end: (said: string) => void = () => {};
  const ended = new Promise<string>((resolve) => (end = resolve));
  const close = (): void => {
    output.end();
    end('');
  };
  const io = testIo(tempDirectory());
  const exits: number[] = [];
  const files = { flags: [], valued: [], names: [], unnamed: undefined };
  const done = forward(
    {
      ...{ version: '1', words: ['jobs', 'list'], files, local: undefined, worker: 'jobs/worker' },
      connect: () => ({ input, output, ended, close }),
    },
    { ...io, exit: (code) => exits.push(code) },
  );
  await vi.waitFor(() => expect(input.readableLength).toBeGreaterThan(0));
  const closed = (): boolean => output.writableEnded;
  return { output, done, exits, closed, signal: (signal: Signal) => io.signal(signal), told: () => io.stderr() };
}

test('the second Ctrl-C ends the wait for a worker that says nothing, and its connection', async () => {
  const { done, exits, closed, signal } = await called();
  signal('SIGINT');
  expect([exits, closed()]).toEqual([[], false]);
  signal('SIGINT');
  expect([exits, closed()]).toEqual([[130], true]);
  await expect(done).rejects.toThrow('cannot be reached');
});

test('a command at work gets three, and the fourth leaves it', async () => {
  const { output, done, exits, closed, signal, told } = await called();
  output.write(framed({ to: 'err', write: 'at work\n' }));
  await vi.waitFor(() => expect(told()).toBe('at work\n'));
  for (let i = 0; i < 3; i++) signal('SIGTERM');
  expect([exits, closed()]).toEqual([[], false]);
  signal('SIGTERM');
  expect([exits, closed()]).toEqual([[143], true]);
  await expect(done).rejects.toThrow('broke off');
});
