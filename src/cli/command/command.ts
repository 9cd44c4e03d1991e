import { Argument, type Command as Parser, Option } from 'commander';
import type { GlobalFlags } from '../../config.js';
import type { RuntimeKind } from '../../model/local/settings.js';
import { type Flag, headings, inHelpOrder, type Track } from '../flags/flag.js';
import { formatsOf } from '../flags/formats.js';
import { type CommonOptions, globalFlags } from '../flags/global.js';
import type { Output } from '../io.js';
import type { Context } from './context.js';
import { type FileWords, fileWords } from './file-words.js';

/**
 * Opens the context that a command's flags ask for, and calls `parse` for the rest of the command line. Until `parse`
 * has returned, a UsageError has the exit code 2; after that it has the exit code 1. Undefined if a cluster worker has
 * done the work of the command instead.
 */
export type Open = (
  flags: GlobalFlags & { runtime?: RuntimeKind },
  place: Place,
  parse: (context: Context) => Promise<void>,
) => Promise<Context | undefined>;

/** Where a command does its work, and what would have to travel there. */
export interface Place {
  /** Always in this process, even if there is a cluster worker. */
  here: boolean;
  /** The flags and arguments whose values are files. */
  files: FileWords;
}

/** The module at a command's path: what the command does. */
interface CommandModule {
  run(context: Context, options: CommonOptions, ...args: unknown[]): Promise<void>;
  /**
   * What gcloud's argument parser does beyond single flags: flags that exclude each other, files that it reads. The
   * result is merged into the options.
   */
  parse?(context: Pick<Context, 'io'>, options: CommonOptions, ...args: unknown[]): object | Promise<object>;
  /** The columns of the command's table, whose labels and functions the keys of `--format` inherit. */
  projection?: string;
}

/** An argument of a command: its name in help, its description, and its choices, if it has any. */
type Positional = readonly [spelling: string, description: string, choices?: readonly string[]];

interface Declaration extends Described {
  arguments?: readonly Positional[];
}

/** What help says of a command or a group. */
interface Described {
  description: string;
  /** The heading above it in the help of its group. */
  group?: string;
  /** Paragraphs below its flags. */
  notes?: string;
  /** Command lines, the end of the help text. */
  examples?: readonly string[];
}

/** A command: its declaration, and the module that runs it, which is loaded when it runs. */
export interface Command extends Declaration {
  flags?: readonly Flag[] | ((track: Track) => readonly Flag[] | Promise<readonly Flag[]>);
  /** Whether its first argument may be a job spec in place of --file: no id has the end of such a name. */
  takesSpec?: boolean;
  /** Whether it has `--format=export`. */
  exportable?: boolean;
  /** Whether it works in this process even if there is a cluster worker: it is about this machine. */
  here?: boolean;
  load: () => Promise<CommandModule>;
}

/** A command about the command tree itself. */
export interface TreeCommand extends Declaration {
  loadForTree: () => Promise<{ run(tree: Parser, ...args: unknown[]): void }>;
}

/** Commands below one word. */
export interface Group extends Described {
  commands: () => Entries | Promise<Entries>;
}

export type Entries = Readonly<Record<string, Group | Command | TreeCommand>>;

interface Adding {
  open: Open;
  hidden: boolean;
  track: Track;
}

/** Adds a command to the parser. */
export async function addCommand(
  parent: Parser,
  name: string,
  declared: Command | TreeCommand,
  { open, hidden, track }: Adding,
): Promise<void> {
  const command = parent
    .command(name, { hidden })
    .description(declared.description)
    .helpGroup(declared.group ?? '');
  for (const [spelling, description, choices] of declared.arguments ?? []) {
    const argument = new Argument(spelling, description);
    command.addArgument(choices ? argument.choices(choices) : argument);
  }
  if ('load' in declared) addNotes(command, 'Global flags, such as --project and --format: localrun help global');
  addNotesOf(command, declared);
  if ('loadForTree' in declared) {
    command.action(async (...args: unknown[]) => (await declared.loadForTree()).run(parent, ...args));
    return;
  }
  const { flags = [] } = declared;
  const own = typeof flags === 'function' ? await flags(track) : flags;
  for (const flag of inHelpOrder([...own, ...globalFlags(track, declared)])) command.addOption(flag);
  command.addHelpOption(new Option('-h, --help', 'show this help').helpGroup(headings.global));
  command.action(async (...given: unknown[]) => {
    const [module, { withIds }] = await Promise.all([declared.load(), import('./resource-names.js')]);
    const { format, flatten = [], ...rest } = given.at(-2) as Given;
    const names = command.registeredArguments.map((argument) => argument.name());
    const words = given.slice(0, -2);
    const files = fileWords(command, words);
    const { file } = rest as { file?: string | string[] };
    if (declared.takesSpec && isSpec(words[0]) && typeof file !== 'string') {
      Object.assign(rest, { file: file ? [words[0], ...file] : words[0] });
      files.names.push(words[0]);
      words[0] = undefined;
    }
    const [args, options] = withIds(names, words, rest);
    const place = { here: declared.here === true, files };
    const context = await open(options, place, async (opened) => {
      Object.assign(options, await module.parse?.(opened, options, ...args));
    });
    if (!context) return;
    // A command that cannot print its result must not start.
    if (format) {
      const { readFormat } = await import('../output/format/projection.js');
      options.format = readFormat(format, { known: formatsOf(declared), projection: module.projection });
    }
    if (flatten.length > 0) {
      const { keysIn } = await import('../output/format/filter.js');
      options.flatten = keysIn(flatten, '--flatten');
    }
    // localrun itself calls hidden commands, and needs their output.
    if (hidden) return module.run(context, options, ...args);
    const [shown, chosen] = withGcloudVariables(context, options);
    const { local, io } = shown;
    if (local && Object.keys(local.value).length > 0) io.err.write(`Using ${local.shown}.\n`);
    return module.run(shown, chosen, ...args);
  });
}

const isSpec = (word: unknown): word is string => typeof word === 'string' && /\.(?:ya?ml|json)$/i.test(word);

/** Adds the notes and the examples of a command or a group below its help. */
export function addNotesOf(command: Parser, { notes, examples = [] }: Described): void {
  if (notes) addNotes(command, notes);
  if (examples.length > 0) addNotes(command, ['Examples:', ...examples.map((line) => `  ${line}`)].join('\n'));
}

/** Adds lines below the help of a command. Indented ones, which are examples, stay whole on a narrow terminal. */
function addNotes(command: Parser, notes: string): void {
  command.addHelpText('after', () => {
    const width = command.configureOutput().getOutHelpWidth?.() ?? 80;
    const lines = notes
      .split('\n')
      .map((line) => (line.startsWith(' ') ? line : command.createHelp().boxWrap(line, width)));
    return `\n${lines.join('\n')}`;
  });
}

/** The options as parsed; gcloud reads these two only after the command has begun. */
type Given = Omit<CommonOptions, 'format' | 'flatten'> & { format?: string; flatten?: string[] };

/**
 * The context and the flags of a command, after gcloud's variables and --no-user-output-enabled, which turn off
 * prompts, or all output but errors.
 */
function withGcloudVariables(context: Context, flags: CommonOptions): [Context, CommonOptions] {
  const { env } = context.io;
  const variable = (name: string): boolean | undefined => {
    const text = env[`CLOUDSDK_CORE_${name}`];
    return text ? /^(1|true|on|yes|y)$/i.test(text) : undefined;
  };
  const options: CommonOptions = variable('DISABLE_PROMPTS') ? { ...flags, quiet: true } : flags;
  if (flags.userOutputEnabled ?? variable('USER_OUTPUT_ENABLED') ?? true) return [context, options];
  const silent = (output: Output): Output =>
    Object.create(output, { write: { value: () => {} }, tty: { value: false } }) as Output;
  const { out, err } = context.io;
  const io = Object.create(context.io, { out: { value: silent(out) }, err: { value: silent(err) } }) as Context['io'];
  return [{ ...context, io }, options];
}
