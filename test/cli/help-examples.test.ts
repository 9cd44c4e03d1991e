import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandTree } from '../../src/main.js';
import { localrunLines, parseLine, surroundings } from '../support/command-lines.js';

test('what is no command line of localrun is found', async () => {
  const io = surroundings();
  expect(localrunLines("A=b localrun jobs list --filter 'a b' > x | localrun doctor | other")).toEqual([
    ['jobs', 'list', '--filter', 'a b'],
    ['doctor'],
  ]);
  await expect(parseLine(['jobs', 'list', '--tasks', '3'], io)).rejects.toThrow("unknown option '--tasks'");
  await expect(parseLine(['jobs', 'create', 'x', '--tasks', 'many'], io)).rejects.toThrow('Value must be an integer');
  await expect(parseLine(['jobs', 'create', 'x', '--wait', '--async'], io)).rejects.toThrow('At most one of');
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
      await parseLine(words, io).catch((error: unknown) => wrong.push(`localrun ${words.join(' ')}: ${String(error)}`));
    }
  }
  expect(wrong).toEqual([]);
});
