import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { LogFiles, type LogWriter } from '../../../src/store/logs.js';
import { tempDirectory } from '../../support/temp.js';

const execution = 'projects/p/locations/l/jobs/j/executions/e';
const source = { task: 0, attempt: 0 };
let logs: LogFiles;
let trouble: [message: string, lost: boolean][];

beforeEach(() => {
  logs = new LogFiles(tempDirectory());
  trouble = [];
});

const open = (): LogWriter => logs.create(execution, source, ({ message }, lost) => trouble.push([message, lost]));
const content = (stream: 'stdout' | 'stderr'): string => readFileSync(logs.file(execution, source, stream), 'utf8');

test('a log takes the place of the one that is there with its first bytes, or when it is complete', () => {
  const first = open();
  first.write('stdout', Buffer.from('one\n'));
  first.write('stderr', Buffer.from('bad\n'));
  first.close();
  const nothing = open();
  nothing.close();
  expect([content('stdout'), content('stderr')]).toEqual(['one\n', 'bad\n']);
  const second = open();
  second.write('stdout', Buffer.from('two\n'));
  expect([content('stdout'), content('stderr')]).toEqual(['two\n', 'bad\n']);
  second.complete();
  expect([content('stdout'), content('stderr')]).toEqual(['two\n', '']);
  second.clear();
  second.write('stdout', Buffer.from('three\n'));
  second.close();
  expect(content('stdout')).toBe('three\n');
  expect(trouble).toEqual([]);
});

test('a log that cannot be written says so once, and does no harm', () => {
  const project = path.dirname(path.dirname(logs.directory(execution)));
  mkdirSync(path.dirname(project));
  writeFileSync(project, '');
  const log = open();
  log.write('stdout', Buffer.from('one\n'));
  log.write('stderr', Buffer.from('two\n'));
  log.complete();
  expect(trouble).toEqual([[expect.stringContaining('ENOTDIR'), false]]);
  expect(log.failure?.message).toContain('ENOTDIR');
  log.giveUp();
  log.close();
  expect(trouble.slice(1)).toEqual([[expect.stringContaining('ENOTDIR'), true]]);
});

test('a log that has all is not given up', () => {
  const log = open();
  log.write('stdout', Buffer.from('one\n'));
  log.giveUp();
  log.close();
  expect(trouble).toEqual([]);
  expect(content('stdout')).toBe('one\n');
});
