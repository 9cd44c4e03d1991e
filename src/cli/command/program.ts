import { Command, CommanderError } from 'commander';
import { UsageError } from '../../model/errors.js';
import type { CommandSpec, Open } from './command.js';
import type { Track } from '../flags/global.js';
import type { Io } from '../io.js';

interface Group {
  description: string;
  commands: Readonly<Record<string, Group | (() => Promise<CommandSpec>)>>;
}

/** Where every command is. A command is loaded when a command line names it, or asks for all of its group. */
const jobs: Group = {
  description: 'Create, run and watch jobs.',
  commands: {
    run: async () => (await import('../commands/jobs/run.js')).run,
    validate: async () => (await import('../commands/jobs/validate.js')).validate,
    create: async () => (await import('../commands/jobs/create.js')).create,
    update: async () => (await import('../commands/jobs/update.js')).update,
    deploy: async () => (await import('../commands/jobs/deploy.js')).deploy,
    replace: async () => (await import('../commands/jobs/replace.js')).replace,
    describe: async () => (await import('../commands/jobs/describe.js')).describe,
    list: async () => (await import('../commands/jobs/list.js')).list,
    delete: async () => (await import('../commands/jobs/delete.js')).remove,
    execute: async () => (await import('../commands/jobs/execute.js')).execute,
    'get-iam-policy': async () => (await import('../commands/jobs/get-iam-policy.js')).getPolicy,
    'set-iam-policy': async () => (await import('../commands/jobs/set-iam-policy.js')).setPolicy,
    'add-iam-policy-binding': async () => (await import('../commands/jobs/add-iam-policy-binding.js')).addBinding,
    'remove-iam-policy-binding': async () =>
      (await import('../commands/jobs/remove-iam-policy-binding.js')).removeBinding,
    'test-iam-permissions': async () => (await import('../commands/jobs/test-iam-permissions.js')).testPermissions,
    logs: {
      description: 'Logs of jobs.',
      commands: {
        read: async () => (await import('../commands/jobs/logs/read.js')).read,
        tail: async () => (await import('../commands/jobs/logs/tail.js')).tail,
      },
    },
    executions: {
      description: 'Executions of jobs.',
      commands: {
        list: async () => (await import('../commands/jobs/executions/list.js')).list,
        describe: async () => (await import('../commands/jobs/executions/describe.js')).describe,
        'describe-latest': async () => (await import('../commands/jobs/executions/describe-latest.js')).describeLatest,
        cancel: async () => (await import('../commands/jobs/executions/cancel.js')).cancel,
        delete: async () => (await import('../commands/jobs/executions/delete.js')).remove,
        wait: async () => (await import('../commands/jobs/executions/wait.js')).wait,
        adopt: async () => (await import('../commands/jobs/executions/adopt.js')).adopt,
        logs: {
          description: 'Logs of executions.',
          commands: {
            read: async () => (await import('../commands/jobs/executions/logs/read.js')).read,
            tail: async () => (await import('../commands/jobs/executions/logs/tail.js')).tail,
          },
        },
        tasks: {
          description: 'Tasks of executions.',
          commands: {
            list: async () => (await import('../commands/jobs/executions/tasks/list.js')).list,
            describe: async () => (await import('../commands/jobs/executions/tasks/describe.js')).describe,
          },
        },
      },
    },
  },
};

const root: Group = {
  description: 'Cloud Run jobs on your own machine. Commands, flags and output are those of `gcloud run jobs`.',
  commands: {
    jobs,
    config: {
      description: 'What is in force on this machine.',
      commands: {
        explain: async () => (await import('../commands/config/explain.js')).explain,
        init: async () => (await import('../commands/config/init.js')).init,
      },
    },
    doctor: async () => (await import('../commands/doctor.js')).doctor,
    prune: async () => (await import('../commands/prune.js')).prune,
    completion: async () => (await import('../commands/completion.js')).completion,
    help: async () => (await import('../commands/help.js')).help,
  },
};

/** What only localrun itself calls. */
const hidden: Group['commands'] = {
  __worker: async () => (await import('../commands/worker.js')).worker,
  __complete: async () => (await import('../commands/complete.js')).complete,
};

/**
 * The command tree, or the part of it that a command line needs: the command that `words` names, or the group that
 * they end in with all that is directly in it.
 */
export async function buildProgram(
  { out, err }: Pick<Io, 'out' | 'err'>,
  version: string,
  open: Open,
  words?: readonly string[],
  track: Track = 'GA',
): Promise<Command> {
  const program = new Command('localrun')
    .description(root.description)
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    // Names alone leave room for what they mean.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: out.write,
      writeErr: err.write,
      // Errors reach the one printer by the exception that comes with them.
      outputError: () => {},
      getOutHelpWidth: () => Math.min(out.columns, 100),
      getErrHelpWidth: () => Math.min(err.columns, 100),
      getOutHasColors: () => out.chalk.level > 0,
      getErrHasColors: () => err.chalk.level > 0,
    })
    .addHelpText(
      'after',
      `
Exit codes: 0 ok; 1 the command or its execution failed; 2 wrong usage; 130, 143 interrupted; 129 the terminal was closed.
Environment variables: localrun help environment`,
    );
  const [first = ''] = words ?? [];
  const ofHidden = Object.hasOwn(hidden, first) ? hidden[first] : undefined;
  if (typeof ofHidden === 'function') (await ofHidden()).attach(program, open, { hidden: true, track });
  // These two are about the whole tree.
  else await attach(program, root, open, track, first === 'completion' || first === 'help' ? undefined : words);
  return program;
}

async function attach(
  parent: Command,
  group: Group,
  open: Open,
  track: Track,
  words: readonly string[] | undefined,
): Promise<void> {
  const [word, ...rest] = words ?? [];
  const named = word !== undefined && Object.hasOwn(group.commands, word);
  for (const [name, entry] of Object.entries(group.commands)) {
    if (named && name !== word) continue;
    if (typeof entry === 'function') {
      (await entry()).attach(parent, open, { hidden: false, track });
    } else {
      const command = parent.command(name).description(entry.description).helpCommand(false);
      if (named || words === undefined) await attach(command, entry, open, track, named ? rest : undefined);
    }
  }
}

/** The commands that a command line names, outermost first. */
function commandsNamed(program: Command, argv: readonly string[]): Command[] {
  const named: Command[] = [];
  for (const word of argv) {
    const next = (named.at(-1) ?? program).commands.find((candidate) => candidate.name() === word);
    if (!next) break;
    named.push(next);
  }
  return named;
}

/** The command that a command line names, such as `jobs.executions.list`, for messages. */
export const commandPath = (program: Command, argv: readonly string[]): string =>
  commandsNamed(program, argv)
    .map((command) => command.name())
    .join('.');

/** An error of the parser, with what to write instead of a flag that the command does not take, if that is known. */
export async function advised(error: unknown, program: Command, argv: readonly string[]): Promise<unknown> {
  if (!(error instanceof CommanderError) || error.code !== 'commander.unknownOption') return error;
  const flag = /'([^'=]+)/.exec(error.message)?.[1] ?? '';
  const command = commandsNamed(program, argv).at(-1) ?? program;
  const { insteadOf } = await import('../flags/suggestions.js');
  const fix = insteadOf(flag, command, commandPath(program, argv).replaceAll('.', ' '));
  return fix === undefined ? error : new UsageError(`unknown option '${flag}'`, fix);
}

/**
 * Refuses what the parser would take another way, or with less to say: words of `gcloud run jobs` that are none of ours;
 * a command of jobs without `jobs`; what looks like a flag in the place of a value, as in `--image --tasks 2`, which
 * gcloud's parser does not take for the value.
 * @throws UsageError
 */
export function checkWords(program: Command, argv: readonly string[]): void {
  const [first = ''] = argv;
  const begun = argv.indexOf('jobs');
  const before = argv.slice(0, begun).join(' ');
  if (['gcloud', 'gcloud run', 'run'].includes(before)) {
    const flags = argv.findIndex((word) => word.startsWith('-'));
    const rest = argv.slice(begun, flags < 0 ? undefined : flags).join(' ');
    throw new UsageError(`unknown command '${first}'`, `drop \`${before}\`: localrun ${rest}`);
  }
  if (Object.hasOwn(jobs.commands, first)) {
    throw new UsageError(`unknown command '${first}'`, `did you mean localrun jobs ${first}?`);
  }
  const command = commandsNamed(program, argv).at(-1);
  const named = (word: string) => command?.options.find(({ long, short }) => word === long || word === short);
  /** As gcloud's parser tells flags from values: numbers, and what has a blank in it, are values. */
  const isFlag = (word: string): boolean =>
    /^-./s.test(word) &&
    (named(word.replace(/=.*$/s, '')) !== undefined || !(/^-(\d+|\d*\.\d+)$/.test(word) || word.includes(' ')));
  for (const [i, word] of argv.entries()) {
    if (word === '--') return;
    const flag = named(word);
    const next = argv[i + 1];
    // gcloud takes the name of a container as it is.
    if (!flag?.required || flag.long === '--container' || next === undefined || !isFlag(next)) continue;
    throw new UsageError(`argument ${word}: expected one argument`, `write ${word}=VALUE if it begins with a dash`);
  }
}
