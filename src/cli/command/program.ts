import { Command as Parser, CommanderError, Help, type Option } from 'commander';
import { UsageError } from '../errors.js';
import { hidden, localrun } from '../commands/localrun.js';
import { headings, type Track } from '../flags/flag.js';
import type { Io } from '../io.js';
import { addCommand, addNotesOf, type Group, type Open } from './command.js';
import type { CommandLine } from './command-line.js';

/** The parser of one command line. */
export interface Program {
  /** The command tree, or the part of it that the command line needs. */
  tree: Parser;
  /** The command that the line names, and its words. */
  command: Parser;
  words: readonly string[];
}

/**
 * The parser of a command line: the tree with the command that the line names, or with the group that it names and all
 * that is directly in it. Without a line, the whole tree.
 */
export async function buildProgram(
  { out, err }: Pick<Io, 'out' | 'err'>,
  version: string,
  open: Open,
  line?: Pick<CommandLine, 'words' | 'track'>,
): Promise<Program> {
  const tree = new Parser('localrun')
    .description(localrun.description)
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    // Names without arguments leave more room for descriptions.
    .configureHelp({ subcommandTerm: (command) => command.name(), groupItems: withoutGlobalFlags })
    .configureOutput({
      writeOut: out.write,
      writeErr: err.write,
      // The exception that follows is printed instead.
      outputError: () => {},
      getOutHelpWidth: () => Math.min(out.columns, 100),
      getErrHelpWidth: () => Math.min(err.columns, 100),
      getOutHasColors: () => out.chalk.level > 0,
      getErrHasColors: () => err.chalk.level > 0,
    });
  addNotesOf(tree, localrun);
  const { words, track = 'GA' } = line ?? {};
  const [first = ''] = words ?? [];
  const own = Object.hasOwn(hidden, first) ? hidden[first] : undefined;
  if (own && 'load' in own) await addCommand(tree, first, own, { open, hidden: true, track });
  // These two commands are about the whole tree.
  else await addGroup(tree, localrun, open, track, first === 'completion' || first === 'help' ? undefined : words);
  const named: Parser[] = [];
  for (const word of words ?? []) {
    const next = (named.at(-1) ?? tree).commands.find((candidate) => candidate.name() === word);
    if (!next) break;
    named.push(next);
  }
  return { tree, command: named.at(-1) ?? tree, words: named.map((command) => command.name()) };
}

/** The groups of a help text. `help global` has the global flags; completion needs them as flags like all others. */
function withoutGlobalFlags<T extends Parser | Option>(
  all: T[],
  visible: T[],
  groupOf: (item: T) => string,
): Map<string, T[]> {
  const groups = Help.prototype.groupItems(all, visible, groupOf);
  groups.delete(headings.global);
  return groups;
}

async function addGroup(
  parent: Parser,
  group: Group,
  open: Open,
  track: Track,
  words: readonly string[] | undefined,
): Promise<void> {
  const [word, ...rest] = words ?? [];
  const entries = await group.commands();
  const named = word !== undefined && Object.hasOwn(entries, word);
  for (const [name, entry] of Object.entries(entries)) {
    if (named && name !== word) continue;
    if (!('commands' in entry)) {
      // Beside others in a list, a command needs only its name and description.
      if (named || words === undefined) await addCommand(parent, name, entry, { open, hidden: false, track });
      else
        parent
          .command(name)
          .description(entry.description)
          .helpGroup(entry.group ?? '');
      continue;
    }
    const command = parent
      .command(name)
      .description(entry.description)
      .helpCommand(false)
      .helpGroup(entry.group ?? '');
    addNotesOf(command, entry);
    if (named || words === undefined) await addGroup(command, entry, open, track, named ? rest : undefined);
  }
}

/** An error of the parser, with a suggestion if the flag that the command does not have is known. */
export async function withSuggestion(error: unknown, { command, words }: Program): Promise<unknown> {
  if (!(error instanceof CommanderError) || error.code !== 'commander.unknownOption') return error;
  const flag = /'([^'=]+)/.exec(error.message)?.[1] ?? '';
  const { insteadOf } = await import('../flags/suggestions.js');
  const fix = insteadOf(flag, command, words.join(' '));
  return fix === undefined ? error : new UsageError(`unknown option '${flag}'`, fix);
}

/**
 * Refuses what the parser would misread, or report with a worse message: the words `gcloud run`; a command of jobs
 * without `jobs`; a flag in place of a value, as in `--image --tasks 2`, which gcloud's parser refuses too.
 * @throws UsageError
 */
export async function checkLine({ command }: Program, { words, args }: CommandLine): Promise<void> {
  const [first = ''] = words;
  const begun = Math.max(0, words.indexOf('jobs'));
  const before = words.slice(0, begun).join(' ');
  if (['gcloud', 'gcloud run', 'run'].includes(before)) {
    throw new UsageError(`unknown command '${first}'`, `drop \`${before}\`: localrun ${words.slice(begun).join(' ')}`);
  }
  if (first !== '' && command.parent === null) {
    const { jobs } = await import('../commands/jobs.js');
    if (Object.hasOwn(jobs, first)) {
      throw new UsageError(`unknown command '${first}'`, `did you mean localrun jobs ${first}?`);
    }
  }
  const flagNamed = (word: string) => command.options.find(({ long, short }) => word === long || word === short);
  /** As gcloud's parser tells flags from values: numbers, and words with a space in them, are values. */
  const isFlag = (word: string): boolean =>
    /^-./s.test(word) &&
    (flagNamed(word.replace(/=.*$/s, '')) !== undefined || !(/^-(\d+|\d*\.\d+)$/.test(word) || word.includes(' ')));
  for (const [i, word] of args.entries()) {
    if (word === '--') return;
    const flag = flagNamed(word);
    const next = args[i + 1];
    // gcloud accepts any name of a container.
    if (!flag?.required || flag.long === '--container' || next === undefined || !isFlag(next)) continue;
    throw new UsageError(`argument ${word}: expected one argument`, `write ${word}=VALUE if it begins with a dash`);
  }
}
