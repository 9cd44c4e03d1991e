import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDirectory } from '../support/temp.js';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'localrun.js');

/** The source files, ours and those of packages, that are in what the built program loads for a command line. */
function loaded(...args: string[]): string[] {
  const directory = tempDirectory();
  const preload = path.join(directory, 'preload.cjs');
  const list = path.join(directory, 'loaded.json');
  writeFileSync(
    preload,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify(Object.keys(require.cache))))`,
  );
  const env = { ...process.env, LOCALRUN_HOME: path.join(directory, 'home') };
  execFileSync(process.execPath, ['--require', preload, program, ...args], { env, stdio: 'ignore' });
  const files = JSON.parse(readFileSync(list, 'utf8')) as string[];
  return files.flatMap((file) => {
    if (!existsSync(`${file}.map`)) return [file];
    return (JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] }).sources;
  });
}

// src/engine/requirements.ts is pure, and small.
const heavy =
  /node_modules\/(yaml|ora|cli-table3|execa)\/|src\/(engine\/(?!requirements)|runtime|server)\/|src\/model\/spec\//;
const formats = /src\/cli\/output\/format\//;
const store = /node_modules\/@?libsql\/|src\/store\/sqlite/;

test('a command that reads a spec loads what that takes', () => {
  const files = loaded('jobs', 'validate', '--file', path.join(program, '..', '..', 'examples', 'quickstart.yaml'));
  for (const part of [/node_modules\/yaml\//, /src\/model\/spec\//])
    expect(files.some((file) => part.test(file))).toBe(true);
});

test.each([
  ['--version', [heavy, store, formats, /src\/service\//]],
  ['--help', [heavy, store, formats, /src\/service\//]],
  ['jobs --help', [heavy, store, formats, /src\/service\//]],
  ['jobs list', [heavy, formats]],
  ['jobs executions list', [heavy, formats]],
])('%s loads nothing that it does not need', (line, unwanted) => {
  const files = loaded(...line.split(' '));
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => unwanted.some((pattern) => pattern.test(file)))).toEqual([]);
});
