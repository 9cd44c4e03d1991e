import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { lastLines, LogFollower, Tail, type TaskLine } from '../../../src/service/logs.js';
import { LogFiles } from '../../../src/store/logs.js';
import { someExecution, someJob, someTime } from '../../support/jobs.js';
import { tempDirectory } from '../../support/temp.js';

const execution = someExecution(someJob());
const attempt = { task: 0, attempt: 0 };
let logs: LogFiles;
const reader = { busy: false, drained: async () => {} };

beforeEach(() => {
  logs = new LogFiles(tempDirectory());
  mkdirSync(logs.directory(execution.name), { recursive: true });
});

const write = (stream: 'stdout' | 'stderr', lines: readonly string[]): void =>
  writeFileSync(logs.file(execution.name, attempt, stream), lines.map((line) => `${someTime} ${line}\n`).join(''));

test('a log that is longer than one look is shown in parts, whole in the end', async () => {
  const written = Array.from({ length: 100_000 }, (_, i) => `line ${i}`);
  write('stdout', written);
  const shown: TaskLine[] = [];
  const follower = new LogFollower(logs, execution, (lines) => shown.push(...lines), reader);
  follower.onEvent({ type: 'attempt.started', time: someTime, ...attempt });
  expect(shown).toEqual([]);
  follower.onEvent({
    ...{ type: 'attempt.ended', time: someTime, ...attempt },
    ...{ outcome: { code: 0, message: '' }, state: 'Succeeded' },
  });
  expect(shown.length).toBeGreaterThan(10_000);
  expect(shown.length).toBeLessThan(40_000);
  await follower.close();
  expect(shown.map(({ text }) => text)).toEqual(written);
});

test('times do not go back where the log is read from the engine once more, which has stamped its lines before us', () => {
  const file = logs.file(execution.name, attempt, 'stdout');
  const [early, late] = ['2026-11-23T12:00:00.000000000Z', '2026-11-23T12:00:01.000000000Z'];
  writeFileSync(file, `${late} one\n${late} tw`);
  const tail = new Tail(file);
  expect(tail.read(false).map(({ text }) => text)).toEqual(['one']);
  writeFileSync(file, `${early} one\n${early} two\n${early} three\n`);
  const [two, three] = tail.read(true);
  expect([two?.text, three?.text]).toEqual(['two', 'three']);
  expect(three?.time).toBe(two?.time);
});

test('lines that are not read yet stay in the log', async () => {
  const written = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
  write('stdout', written);
  const shown: TaskLine[] = [];
  let drained = 0;
  const slow = {
    busy: true,
    drained: async () => {
      drained++;
      slow.busy = false;
    },
  };
  const onLines = (lines: readonly TaskLine[]): void => {
    shown.push(...lines);
    slow.busy = true;
  };
  const follower = new LogFollower(logs, execution, onLines, slow);
  follower.onEvent({ type: 'attempt.started', time: someTime, ...attempt });
  follower.onEvent({
    ...{ type: 'attempt.ended', time: someTime, ...attempt },
    ...{ outcome: { code: 0, message: '' }, state: 'Succeeded' },
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(shown).toEqual([]);
  await follower.close();
  expect(drained).toBeGreaterThan(2);
  expect(shown.map(({ text }) => text)).toEqual(written);
});

test('the last lines of a log of any length are those at its end', () => {
  write('stdout', [...Array.from({ length: 100_000 }, (_, i) => `line ${i}`)]);
  write('stderr', ['one', 'two']);
  const last = (count: number): string[] => lastLines({ logs }, execution.name, attempt, count).map(({ text }) => text);
  expect(last(3)).toEqual(['line 99999', 'one', 'two']);
  // The end that is looked at begins where something looks like the beginning of a line.
  write('stdout', ['x'.repeat(2 ** 19), `${someTime} `.repeat(20_000), 'ending']);
  write('stderr', []);
  expect(last(3)).toEqual(['ending']);
  write('stdout', [...Array.from({ length: 100_000 }, (_, i) => `line ${i}`)]);
  expect(last(2)).toEqual(['line 99998', 'line 99999']);
});
