import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { repository } from '../support/cli.js';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-svg-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** The text elements of the two pictures of a command. */
async function pictures(args: readonly string[], command: string): Promise<{ light: string[]; dark: string[] }> {
  const name = path.join(directory, 'run');
  await execa('node', [path.join(repository, 'scripts', 'terminal-svg.mjs'), ...args, name, command]);
  const texts = (theme: string): string[] =>
    readFileSync(`${name}-${theme}.svg`, 'utf8').match(/(?<=<text ).*(?=<\/text>)/g) ?? [];
  return { light: texts('light'), dark: texts('dark') };
}

test('a picture has the text of a screen, in colours for its background and at its place', async () => {
  const file = path.join(directory, 'captured');
  writeFileSync(file, 'one\r\n\u{1b}[31m漢<&\u{1b}[0m  two\r\n\u{1b}[?2026l\u{1b}[1A\u{1b}[Jthree');
  const { light, dark } = await pictures(['--input', file], 'localrun <job>');
  expect(light.slice(2)).toEqual(['x="14" y="47" textLength="25.2">one', 'x="14" y="66" textLength="42">three']);
  expect(dark.slice(0, 2)).toEqual([
    'x="14" y="28" textLength="8.4" fill="#3fb950">$',
    'x="30.8" y="28" textLength="117.6">localrun\u{a0}&lt;job&gt;',
  ]);
  const earlier = await pictures(['--input', file, '--until', 'two', '--from', 'two', '--no-prompt'], 'x');
  expect(earlier.light).toEqual([
    'x="14" y="28" textLength="33.6" fill="#cf222e">漢&lt;&amp;',
    'x="64.4" y="28" textLength="25.2">two',
  ]);
  expect(earlier.dark[0]).toContain('fill="#ff7b72"');
});

test('a picture is of a command that runs on a terminal of the given size', async ({ skip }) => {
  skip(process.platform !== 'linux', 'needs the script of util-linux');
  const { dark } = await pictures(['--columns', '33', '--rows', '11'], 'stty size; localrun --version');
  expect(dark.map((text) => text.replace(/^[^>]*>/, ''))).toEqual([
    '$',
    'stty\u{a0}size;\u{a0}localrun\u{a0}--version',
    '11\u{a0}33',
    expect.stringMatching(/^localrun \d|^\d/),
  ]);
});
