import { type Command, Option } from 'commander';
import { type Code, StatusError, UsageError } from '../../model/errors.js';
import { isParentPart, jobIdViolation, jobName, type Parent } from '../../model/names.js';
import type { GlobalFlags } from '../../config.js';
import { keysIn } from '../output/format/filter.js';
import type { Key } from '../output/format/keys.js';
import { type Format, type Formats, readFormat, shownFormats } from '../output/format/projection.js';
import { isKind, named } from './resource-names.js';
import type { Context } from './context.js';
import { acceptGlobalFlags, asGcloudSays, type Track } from '../flags/global.js';
import { onlyContainer } from '../flags/job/container-groups.js';

/** The flags that every command takes. */
export interface CommonOptions {
  project?: string | undefined;
  region?: string | undefined;
  format?: Format;
  flatten?: Key[];
  apiVersion?: 'v1' | 'v2';
  quiet?: true;
  userOutputEnabled?: boolean;
  account?: string;
}

/**
 * Opens what a command works with, as its flags say, and has the rest of the command line parsed, which ends there: a
 * UsageError has the exit code 2 until then, and 1 from then on.
 */
export type Open = (flags: GlobalFlags, parse: (context: Context) => Promise<void>) => Promise<Context>;

type Declare = (command: Command, track: Track) => Command;
type Action<O, A extends unknown[]> = (context: Context, options: O & CommonOptions, ...args: A) => Promise<void>;

/** More about a command, where it is not like most. */
interface Traits<O, A extends unknown[], P extends object> {
  formats?: Formats;
  /**
   * What gcloud's argument parser does beyond one flag: flags that exclude each other, files that it reads. What this
   * returns joins the options.
   */
  parse?: (context: Pick<Context, 'io'>, options: O & CommonOptions, ...args: A) => P | Promise<P>;
}

/** The options as they are parsed; gcloud reads these two once the command has begun. */
type Given<O> = Omit<O & CommonOptions, 'format' | 'flatten'> & { format?: string; flatten?: string[] };

/** A command as a value: what its file exports, and what the program is put together from. */
export interface CommandSpec {
  attach(parent: Command, open: Open, options: { hidden: boolean; track: Track }): void;
}

/**
 * A command: its name, its description, its own flags and arguments, and what it does with them. The action is given
 * the options first, the arguments after them.
 */
export function defineCommand<O extends object, A extends unknown[] = [], P extends object = object>(
  name: string,
  description: string,
  declare: Declare,
  action: Action<O & P, A>,
  { formats = {}, parse }: Traits<O, A, P> = {},
): CommandSpec {
  return {
    attach(parent, open, { hidden, track }) {
      const command = declare(parent.command(name, { hidden }).description(description), track);
      command
        .optionsGroup('Global options:')
        .addOption(new Option('--project <id>', 'the project; see `localrun help environment`'))
        .addOption(new Option('--region <name>', 'the region'))
        .addOption(new Option('--account <account>', 'who calls'))
        .addOption(
          new Option('--format <format>', `how to print the result: ${(formats.known ?? shownFormats).join(', ')}`),
        )
        .addOption(
          new Option('--flatten <KEY,...>', 'a row for every item of a list, for --format').argParser(collected),
        )
        .addOption(new Option('--api-version <version>', 'whose fields json and yaml print').choices(['v1', 'v2']))
        .addOption(new Option('--flags-file <file>', 'YAML or JSON map of flags and their values'))
        .addOption(new Option('-q, --quiet', 'ask nothing: take the default answer'))
        .helpOption('-h, --help', 'show this help')
        .action(async (...given: unknown[]) => {
          const { format, flatten = [], ...flags } = given.at(-2) as Given<O>;
          const [args, parsed] = withIds<O & P, A>(command, given.slice(0, -2), flags as O & P & CommonOptions);
          const context = await open(parsed, async (opened) => {
            Object.assign(parsed, await parse?.(opened, parsed, ...args));
          });
          // So that a command that cannot print its result does nothing.
          if (format) parsed.format = readFormat(format, formats);
          const lists = keysIn(flatten, '--flatten');
          if (lists.length > 0) parsed.flatten = lists;
          // What localrun calls itself is nobody's to silence.
          if (hidden) return action(context, parsed, ...args);
          const [said, options] = asGcloudSays(context, parsed);
          const { local, io } = said;
          if (local && Object.keys(local.value).length > 0) io.err.write(`Using ${local.shown}.\n`);
          return action(said, options, ...args);
        });
      acceptGlobalFlags(command, track);
    },
  };
}

/** A parser of a flag that may be repeated, whose values are read later. */
export const collected = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

/** Arguments and flags with ids where resources were named in full, and with the project and region of those names. */
function withIds<O extends object, A extends unknown[]>(
  command: Command,
  args: readonly unknown[],
  options: O & CommonOptions,
): [A, O & CommonOptions] {
  const flags: Record<string, unknown> = Object.fromEntries(Object.entries(options));
  // gcloud takes an empty one as if it were not given.
  if (options.region === '') delete flags['region'];
  const idOf = (kind: string, value: unknown): unknown => {
    const found = isKind(kind) && typeof value === 'string' ? named(kind, value) : undefined;
    if (!found) return value;
    flags['project'] = found.project;
    flags['region'] = found.region ?? flags['region'];
    return found.id;
  };
  const ids = args.map((value, i) => idOf(command.registeredArguments[i]?.name() ?? '', value));
  for (const [name, value] of Object.entries(flags)) flags[name] = idOf(name, value);
  return [ids as A, flags as O & CommonOptions];
}

/**
 * The project and location that a command is about; a project may be given by its number.
 * @throws UsageError for what cannot be one
 */
export function parentOf({ config }: Context, { project, region }: CommonOptions): Parent {
  const known = project === undefined || project === config.projectNumber;
  const parent = { project: known ? config.project : project, location: region ?? config.location };
  for (const [flag, value] of [
    ['--project', parent.project],
    ['--region', parent.location],
  ] as const) {
    if (!isParentPart(value)) throw new UsageError(`argument ${flag}: invalid value [${value}]`);
  }
  return parent;
}

/**
 * The full name of a job that was given as an id.
 * @throws UsageError if there is none, StatusError INVALID_ARGUMENT if it cannot be a job's
 */
export function jobNameOf(context: Context, options: CommonOptions, job: string | undefined): string {
  if (!job) throw new UsageError('argument JOB: Must be specified.');
  const violation = jobIdViolation(job);
  if (violation) {
    const fix = /\.(ya?ml|json)$/.test(job) ? `did you mean -f ${job}?` : undefined;
    throw new StatusError('INVALID_ARGUMENT', `Invalid job name [${job}]. ${violation}`, { fix });
  }
  return jobName(parentOf(context, options), job);
}

/**
 * The name of a job as it was given, or, where gcloud asks for it, the answer of who sits at the terminal. Enter takes
 * the name of the image, if there is one; a file has the name in it.
 */
export async function askedJob(
  { io }: Context,
  { quiet, file, image }: CommonOptions & { file?: string; image?: Partial<Record<string, string>> },
  job: string | undefined,
): Promise<string | undefined> {
  if (job !== undefined || file !== undefined || quiet || !io.interactive) return job;
  const [name = ''] = (image?.[onlyContainer] ?? '').replace(/^.*\//, '').split(/[:@]/);
  const unset = name.replaceAll(/[^a-zA-Z0-9-]|^-+|-+$/g, '').toLowerCase();
  return (await io.ask(`Job name${unset && ` (${unset})`}:  `))?.trim() || unset;
}

/**
 * What `call` returns. Where the API answers with an error of this code, gcloud has words of its own for it. Advice that
 * came with the answer stays; `fix` is for when there was none.
 */
export function inWords<T>(code: Code, message: string, call: () => T, fix?: string): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== code) throw error;
    throw new StatusError('UNKNOWN', message, { fix: error.fix ?? fix, cause: error });
  }
}

/**
 * Asks before something that cannot be undone; `--quiet` says yes, as Enter does.
 * @throws StatusError if the answer is no, or if there is nobody to ask
 */
export async function confirm(
  { io }: Context,
  options: CommonOptions,
  what: string,
  question = 'Do you want to continue (Y/n)?  ',
): Promise<void> {
  if (options.quiet) return;
  io.err.write(`${what}\n\n`);
  for (;;) {
    const answer = await io.ask(question);
    if (answer === undefined) {
      throw new StatusError(
        'UNKNOWN',
        'This prompt could not be answered because you are not in an interactive session. You can re-run the command with the --quiet flag to accept default answers for all prompts.',
      );
    }
    if (/^(y(es)?)?$/i.test(answer.trim())) return;
    if (/^no?$/i.test(answer.trim())) throw new StatusError('UNKNOWN', 'Aborted by user.');
    io.err.write("Please enter 'y' or 'n'.\n");
  }
}
