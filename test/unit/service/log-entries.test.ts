import { appendFileSync, mkdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { entryText } from '../../../src/model/log-entry.js';
import type { Execution } from '../../../src/model/schema/job.js';
import { EntryTail, followLogEntries, readLogEntries } from '../../../src/service/log-entries.js';
import { defaultSettings } from '../../../src/model/local/settings.js';
import type { LogSource } from '../../../src/store/logs.js';
import { someExecution, someJob, someTask } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

const at = (second: number): string => `2026-11-23T12:00:${String(second).padStart(2, '0')}.000000Z`;

class World extends ServiceWorld {
  readonly execution: Execution;

  constructor() {
    super();
    const job = someJob(
      { taskCount: 2 },
      {
        containers: [
          { name: 'app', image: 'i' },
          { name: 'proxy', image: 'i' },
        ],
      },
    );
    this.execution = someExecution(job);
    this.store.saveJob(job);
    this.store.createExecution(this.execution, defaultSettings);
    for (const index of [0, 1]) this.store.saveTask(this.execution.name, someTask(index));
    mkdirSync(this.logs.directory(this.execution.name), { recursive: true });
  }

  attempt(task: number, attempt: number, create: number, end?: number): void {
    this.store.saveAttempt(this.execution.name, {
      ...{ task, attempt, name: 'c', handle: 'h', createTime: at(create) },
      ...(end !== undefined && { endTime: at(end), outcome: { code: 0, message: '' } }),
    });
  }

  write(source: LogSource, stream: 'stdout' | 'stderr', ...lines: [second: number, text: string][]): void {
    const text = lines
      .map(([second, line]) => `2026-11-23T12:00:${String(second).padStart(2, '0')}.0Z ${line}`)
      .join('');
    appendFileSync(this.logs.file(this.execution.name, source, stream), text);
  }

  read(query = {}): string[] {
    return [...readLogEntries(this.call, [this.execution], query)].map(entryText);
  }
}

/** Two tasks at once, the first with a sidecar and a second attempt. */
function someWorld(): World {
  const world = new World();
  world.attempt(0, 0, 1, 5);
  world.attempt(1, 0, 1, 9);
  world.attempt(0, 1, 6, 8);
  world.write({ task: 0, attempt: 0 }, 'stdout', [2, 'a\n'], [4, 'c\n']);
  world.write({ task: 0, attempt: 0 }, 'stderr', [3, '{"severity":"ERROR","message":"b"}\n']);
  world.write({ task: 0, attempt: 0, container: 'proxy' }, 'stdout', [2, 'proxy\n']);
  world.write({ task: 1, attempt: 0 }, 'stdout', [2, 'other\n'], [7, 'late, without an end']);
  world.write({ task: 0, attempt: 1 }, 'stdout', [6, 'again\n']);
  return world;
}

const exited = 'Container called exit(0).';

describe('log entries', () => {
  test('of all that an execution has written come in one order', () => {
    const lines = someWorld().read();
    expect(lines.slice(0, 3).toSorted()).toEqual(['a', 'other', 'proxy']);
    expect(lines.slice(3)).toEqual(['b', 'c', exited, 'again', 'late, without an end', exited, exited]);
  });

  test.each<[object, string[]]>([
    [{ task: 0, attempt: 1 }, ['again', exited]],
    [{ severity: 'WARNING' }, ['b']],
    [{ since: at(6) }, ['again', 'late, without an end', exited, exited]],
    [{ limit: 2, task: 0 }, ['again', exited]],
    [{ limit: 1, oldest: true, task: 1 }, ['other']],
  ])('are chosen by %j', (query, expected) => {
    expect(someWorld().read(query)).toEqual(expected);
  });

  test('are chosen out of many without keeping them all', () => {
    const world = new World();
    world.attempt(0, 0, 0, 59);
    const lines = Array.from({ length: 50_000 }, (_, i): [number, string] => [i % 2, `line ${i}\n`]);
    world.write({ task: 0, attempt: 0 }, 'stdout', ...lines);
    expect(world.read({ limit: 3 })).toEqual(['line 49998', 'line 49999', exited]);
  });

  test('have ids of their own', () => {
    const world = someWorld();
    const entries = [...readLogEntries(world.call, [world.execution], {})];
    expect(new Set(entries.map(({ insertId }) => insertId)).size).toBe(entries.length);
  });
});

test('a tail gives each entry once, whole lines only until an attempt has ended', () => {
  const world = new World();
  const tail = new EntryTail(world.call, {});
  const look = (): string[] => tail.look([world.execution]).map(entryText);
  expect(look()).toEqual([]);
  world.attempt(0, 0, 1);
  expect(look()).toEqual([]);
  world.write({ task: 0, attempt: 0 }, 'stdout', [2, 'one\n'], [3, 'tw']);
  expect(look()).toEqual(['one']);
  appendFileSync(world.logs.file(world.execution.name, { task: 0, attempt: 0 }, 'stdout'), 'o\n');
  world.write({ task: 0, attempt: 0 }, 'stderr', [4, 'three']);
  expect(look()).toEqual(['two']);
  world.attempt(0, 0, 1, 5);
  expect(look()).toEqual(['three', exited]);
  expect(look()).toEqual([]);
});

test('a tail gives a long log some at a time, and the end of its attempt last', () => {
  const world = new World();
  world.attempt(0, 0, 1, 50);
  const lines = Array.from({ length: 50_000 }, (_, i): [number, string] => [2, `line ${i}\n`]);
  world.write({ task: 0, attempt: 0 }, 'stdout', ...lines);
  const tail = new EntryTail(world.call, {});
  const looks: string[][] = [];
  do looks.push(tail.look([world.execution]).map(entryText));
  while (tail.behind);
  expect(looks.length).toBeGreaterThan(2);
  expect(Math.max(...looks.map(({ length }) => length))).toBeLessThan(30_000);
  expect(looks.flat()).toEqual([...lines.map(([, text]) => text.trimEnd()), exited]);
  expect(tail.look([world.execution])).toEqual([]);
});

test('a tail has what the platform says of an end last, though the engine stamped a line later', () => {
  const world = new World();
  world.attempt(0, 0, 1, 5);
  world.write({ task: 0, attempt: 0 }, 'stdout', [4, 'one\n'], [6, 'two\n']);
  expect(new EntryTail(world.call, {}).look([world.execution]).map(entryText)).toEqual(['one', 'two', exited]);
});

test('following gives what is there and what comes, to the end of the executions, however slow the reader', async () => {
  const world = new World();
  world.attempt(0, 0, 1);
  world.write({ task: 0, attempt: 0 }, 'stdout', [2, 'one\n']);
  let over = false;
  const seen: string[] = [];
  const executions = (): Execution[] => [world.execution];
  for await (const entries of followLogEntries(world.call, executions, {}, { over: () => over })) {
    seen.push(...entries.map(entryText));
    if (seen.length > 1) continue;
    world.write({ task: 0, attempt: 0 }, 'stdout', [3, 'two\n']);
    world.attempt(0, 0, 1, 5);
    over = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(seen).toEqual(['one', 'two', exited]);
});

test('following ends by an abort', async () => {
  const world = new World();
  const end = new AbortController();
  const entries = followLogEntries(world.call, () => [world.execution], {}, { over: () => false, signal: end.signal });
  const next = entries.next();
  end.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
