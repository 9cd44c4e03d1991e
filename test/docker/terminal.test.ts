import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { test } from '../support/home.js';

/** Each would do something to a terminal that it reached; none is what the live view itself or a spinner sends. */
const controls = [
  '\u{1b}[2J',
  '\u{1b}[77A',
  '\u{1b}]52;c;ZXZpbA==\u{7}',
  '\u{1b}]0;title\u{7}',
  '\u{1b}[6n',
  '\u{1b}c',
  '\u{9b}2J',
  '\u{8}',
  '\u{7f}',
  '\u{202e}',
  '\rover',
];
const print = { env: [{ name: 'EVIL', value: controls.join('|') }], maxRetries: 0 };
const red = '\u{1b}[31mred';

test('what a job writes reaches a terminal and a pipe as text, with colour on the terminal only', async ({
  home,
  skip,
}) => {
  skip(process.platform !== 'linux', 'needs the script of util-linux');
  const script = `for i in 1 2; do printf '%s\n' "x$EVIL" "${red}"; sleep 0.3; done; exit 1`;
  const file = home.script('evil', script, print);
  const seen = [await home.onTerminal(['jobs', 'run', '-f', file])];
  const last = ['jobs', 'executions', 'logs', 'tail', (await home.executions())[0]?.name.split('/').at(-1) ?? ''];
  for (const args of [
    ['jobs', 'execute', 'evil', '--wait'],
    ['jobs', 'execute', 'evil', '--tail'],
    ['jobs', 'logs', 'read', 'evil'],
    last,
  ]) {
    seen.push(await home.onTerminal(args));
  }
  for (const text of seen) for (const control of controls) expect(text).not.toContain(control);
  const [run = '', wait, ...logs] = seen;
  expect(wait).toContain('The execution failed.');
  // Of a line that a carriage return overwrites, the live view shows what is seen in the end.
  expect(run).toMatch(/0\S* \S*│\S* over\S*\[K\r\n/);
  // The end has the last lines once more, without colour, and the verdict in place of the tables.
  for (const text of [run, wait].map((text = '') => stripVTControlCharacters(text))) {
    expect(text).toMatch(
      /\n {2}│ over\r\n {2}│ red\r\n\r\n✗ Failed · evil-\w{5} · [\d.]+s.*\r\n {2}logs {2}localrun .* --task 0\r\n$/,
    );
    expect(text).not.toContain('EXECUTION_FAILED');
  }
  for (const text of logs) expect(text).toContain(String.raw`x\u001b[2J|\u001b[77A|\u001b]52;c;ZXZpbA==\u0007|`);
  for (const text of logs) expect(text).toContain(`${red}\u{1b}[0m\r\n`);
  expect(run).toContain(`${red}\u{1b}[0m\u{1b}[K\r\n`);
  const piped = [
    await home.run(['jobs', 'run', '-f', file]),
    await home.run(['jobs', 'logs', 'read', 'evil']),
    await home.run(last),
  ];
  for (const { stdout, stderr } of piped) {
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_C}/u);
    expect(stdout + stderr).toMatch(/(?<=[0-9│] )red$/m);
  }
});
