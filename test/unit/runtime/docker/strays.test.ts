import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { namesOf } from '../../../../src/runtime/docker/attempts/names.js';
import { Strays } from '../../../../src/runtime/docker/strays.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const home = '/home/dev/my state';
const names = namesOf('projects/p/locations/l/jobs/etl/executions/etl-x7k2p');
const container = 'localrun-etl-x7k2p-task0-attempt0';
const run = `sh /usr/bin/docker run --sig-proxy=false --name ${container} --label a=b image`;

/** When the only other process is ended, in ms; undefined if it is left alone, or ends by itself at `lasts`. */
async function endOf(
  command: string,
  {
    value = `other ${home}`,
    started = Infinity,
    lasts = Infinity,
  }: Partial<Record<'started' | 'lasts', number>> & {
    value?: string;
  } = {},
): Promise<{ ended: number | undefined; waited: number }> {
  const since = Date.now();
  const past = (ms: number): boolean => Date.now() - since >= ms;
  let ended: number | undefined;
  const processes = {
    marked: (variable: string) =>
      ended !== undefined || past(lasts) ? [] : [{ pid: 7, value, command: `${command} ${variable}` }],
    end: () => void (ended = Date.now() - since),
  };
  const strays = new Strays(processes, home, 'mine');
  expect(Object.values(strays.environment)).toEqual([`mine ${home}`]);
  const over = strays
    .end(names, async (name) => name === container && past(started))
    .then(() => ({ ended, waited: Date.now() - since }));
  await vi.advanceTimersByTimeAsync(10_000);
  return over;
}

test.each([
  ['one of this process', run, `mine ${home}`],
  ['one of another state directory', run, 'other /home/dev/my'],
  ['one of another execution', run.replace('x7k2p', 'x7k2p-abcde'), `other ${home}`],
  ['one of another job', run.replace('etl', 'my-etl'), `other ${home}`],
])('%s is left alone', async (_, command, value) => {
  expect(await endOf(command, { value })).toEqual({ ended: undefined, waited: 0 });
});

test.each([
  ['makes nothing', `docker rm --force ${container}`, {}, 0],
  ['is attached to what has started', run, { started: 0 }, 0],
  ['is attached to what starts meanwhile', run, { started: 1000 }, 1000],
  ['makes nothing for too long', run, {}, 5000],
  ['makes a volume for too long', `docker create --mount source=${container}-volume0 image`, {}, 5000],
])('one that %s is ended', async (_, command, more, ended) => {
  expect(await endOf(command, more)).toEqual({ ended, waited: ended + 200 });
});

test('one that ends by itself is waited for', async () => {
  expect(await endOf(run, { lasts: 1000 })).toEqual({ ended: undefined, waited: 1000 });
});

test('one that nothing ends is not waited for without end', async () => {
  let ended = 0;
  const marked = () => [{ pid: 7, value: `other ${home}`, command: run }];
  const over = new Strays({ marked, end: () => void ended++ }, home, 'mine').end(names, async () => false);
  await vi.advanceTimersByTimeAsync(7000);
  await over;
  expect(ended).toBe(10);
});
