import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command/command-line.js';
import type { Open } from '../../src/cli/command/command.js';
import type { Context } from '../../src/cli/command/context.js';
import { buildProgram, checkLine } from '../../src/cli/command/program.js';
import type { Io } from '../../src/cli/io.js';
import { commandTree } from '../../src/main.js';
import { testIo } from '../support/io.js';
import { tempDirectory } from '../support/temp.js';

/** The surroundings of a command line, with the files that examples name. */
function surroundings(): Io {
  const home = tempDirectory();
  const spec = 'name: nightly\ntemplate: { template: { containers: [{ image: i }] } }\n';
  const files = { 'job.yaml': spec, '.env': 'A=1\n', 'policy.yaml': 'bindings: []\n' };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text);
  return testIo(home, { stdin: spec });
}

/** The words that a shell makes of the command lines of localrun in a pipeline. */
const localrunLines = (line: string): string[][] =>
  line.split(' | ').flatMap((part) => {
    const [, words] = /^(?:[A-Z_]+=\S+ )*localrun (.*?)(?: > .*)?$/.exec(part) ?? [];
    if (words === undefined) return [];
    return [[...words.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))];
  });

/** Parses a command line to its end, without running it. @throws what the parser does */
async function parse(words: readonly string[], io: Io): Promise<void> {
  const open: Open = async (_flags, _place, parseRest) => {
    await parseRest({ io } as Context);
    return undefined;
  };
  const line = await readCommandLine(words, io);
  const program = await buildProgram(io, '', open, line);
  await checkLine(program, line);
  await program.tree.parseAsync(line.args, { from: 'user' });
}

test('what is no command line of localrun is found', async () => {
  expect(localrunLines("A=b localrun jobs list --filter 'a b' > x | localrun doctor | other")).toEqual([
    ['jobs', 'list', '--filter', 'a b'],
    ['doctor'],
  ]);
  const io = surroundings();
  await expect(parse(['jobs', 'list', '--tasks', '3'], io)).rejects.toThrow("unknown option '--tasks'");
  await expect(parse(['jobs', 'create', 'x', '--tasks', 'many'], io)).rejects.toThrow('Value must be an integer');
  await expect(parse(['jobs', 'create', 'x', '--wait', '--async'], io)).rejects.toThrow('At most one of');
});

test('every command has examples, which the command takes', async () => {
  const io = surroundings();
  const tree = await commandTree(io, () => Promise.resolve(undefined));
  const found: Record<string, string[]> = {};
  const collect = (command: Command, words: readonly string[]): void => {
    const below = command.createHelp().visibleCommands(command);
    for (const child of below) collect(child, [...words, child.name()]);
    if (below.length > 0 && words.length > 0) return;
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    found[words.join(' ')] = /\nExamples?:\n((?: {2}.*\n)+)/.exec(help)?.[1]?.trim().split(/\n */) ?? [];
  };
  collect(tree, []);
  const wrong: string[] = [];
  for (const [command, lines] of Object.entries(found)) {
    const calls = lines.flatMap(localrunLines);
    if (!calls.some((words) => words.join(' ').startsWith(command))) wrong.push(`${command} has no example`);
    for (const words of calls) {
      await parse(words, io).catch((error: unknown) => wrong.push(`localrun ${words.join(' ')}: ${String(error)}`));
    }
  }
  expect(wrong).toEqual([]);
});
