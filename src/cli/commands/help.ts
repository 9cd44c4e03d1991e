import type { Command } from 'commander';
import { environment } from '../../config.js';
import { UsageError } from '../errors.js';
import { globalFlags } from '../flags/global.js';

/** `help jobs run` is `jobs run --help`; `help environment` and `help global` are lists. */
export function run(tree: Command, words: string[]): void {
  const topics: Readonly<Record<string, (tree: Command) => string>> = {
    environment: environmentHelp,
    global: globalHelp,
  };
  const topic = Object.hasOwn(topics, words.join(' ')) ? topics[words.join(' ')] : undefined;
  if (topic) tree.configureOutput().writeOut?.(topic(tree));
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

const environmentHelp = (tree: Command): string => list(tree, 'Environment variables:', environment);

function globalHelp(tree: Command): string {
  const flags = globalFlags('GA', {}).filter((flag) => !flag.hidden);
  const layout = tree.createHelp();
  const items = flags.map((flag) => [layout.optionTerm(flag), layout.optionDescription(flag)] as const);
  return list(tree, 'Global flags, which every command takes:', [...items, ['-h, --help', 'show its help']]);
}

/** Terms and what they mean, as wide as help. */
function list(tree: Command, title: string, items: readonly (readonly [term: string, meaning: string])[]): string {
  const layout = tree.createHelp();
  layout.prepareContext({ helpWidth: tree.configureOutput().getOutHelpWidth?.() ?? 80 });
  const width = Math.max(...items.map(([term]) => term.length));
  return `${[title, ...items.map(([term, meaning]) => layout.formatItem(term, width, meaning, layout))].join('\n')}\n`;
}
