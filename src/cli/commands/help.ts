import type { Command } from 'commander';
import { environment } from '../../config.js';
import { UsageError } from '../errors.js';

/** `help jobs run` is `jobs run --help`. */
export function run(tree: Command, words: string[]): void {
  if (words.join(' ') === 'environment') tree.configureOutput().writeOut?.(environmentHelp(tree));
  else commandNamed(tree, words).outputHelp();
}

function commandNamed(tree: Command, words: readonly string[]): Command {
  let command = tree;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (!next) throw new UsageError(`There is no command [${words.join(' ')}].`, 'localrun --help');
    command = next;
  }
  return command;
}

function environmentHelp(tree: Command): string {
  const layout = tree.createHelp();
  layout.prepareContext({ helpWidth: tree.configureOutput().getOutHelpWidth?.() ?? 80 });
  const width = Math.max(...environment.map(([name]) => name.length));
  const items = environment.map(([name, meaning]) => layout.formatItem(name, width, meaning, layout));
  return `Environment variables:\n${items.join('\n')}\n`;
}
