import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDirectory } from '../support/temp.js';

const root = path.join(import.meta.dirname, '..', '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

/** What differs from run to run, by what it is; the tasks of a run write in any order. */
const comparable = (session: string): string[] =>
  session
    .replaceAll(/hello-[a-z0-9]{5}/g, 'hello-ID')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
    .trim()
    .split('\n')
    .toSorted((a, b) => (a < b ? -1 : 1));

test('the session in README.md is what the commands print', () => {
  const session = /```console\n([^`]*)```/.exec(readme)?.[1] ?? '';
  const commands = [...session.matchAll(/^\$ localrun (.*)$/gm)].map(([, words = '']) => words.split(' '));
  expect(commands).toHaveLength(2);
  const env = { ...process.env, LOCALRUN_HOME: tempDirectory(), NO_COLOR: '1', GITHUB_ACTIONS: '' };
  let execution = '';
  const printed = commands.map((words) => {
    const args = words.map((word) => word.replace(/^hello-[a-z0-9]{5}$/, () => execution));
    const { stdout, stderr, status } = spawnSync('node', [path.join(root, 'bin', 'localrun.js'), ...args], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    execution ||= /Execution \[(hello-\w+)\]/.exec(stderr)?.[1] ?? '';
    return `$ localrun ${words.join(' ')}\n${stderr}${stdout}`;
  });
  expect(comparable(printed.join(''))).toEqual(comparable(session));
});
