import { endingOf } from '../../model/attempt.js';
import { shortName } from '../../model/names.js';
import { endOf, type OpenedShell, openShell } from '../../service/shells.js';
import type { Context } from '../command/context.js';
import { parentOf } from '../command/resource-names.js';
import { recoveredService } from '../command/recovered-service.js';
import { Interrupted, OtherEnded } from '../errors.js';
import type { CommonOptions } from '../flags/global.js';
import type { Signal } from '../io.js';

interface Options extends CommonOptions {
  task?: number;
  attempt?: number;
  container?: string;
  toolbox?: string;
}

/** The exit code of a program that SIGKILL has ended, as the end of its container does. */
const killed = 137;

export async function run(
  context: Context,
  options: Options,
  execution: string | undefined,
  words: readonly string[] = [],
): Promise<void> {
  const { io, config } = context;
  const { task, attempt, container, toolbox } = options;
  await recoveredService(context);
  const runner = await context.runner();
  const gone = new AbortController();
  let pass: (signal: Signal) => void = () => {};
  let interrupted: Interrupted | undefined;
  const ignore = io.onSignal((signal) => {
    interrupted ??= new Interrupted(signal);
    gone.abort(interrupted);
    pass(signal);
  });
  try {
    const tty = io.interactive && io.out.tty;
    const opened = await openShell(runner, {
      ...{ parent: parentOf(context, options), execution, task, attempt, container, tty, signal: gone.signal },
      command: words.length > 0 ? words : undefined,
      toolbox: { image: toolbox ?? config.toolbox, always: toolbox !== undefined },
      onPull: (image) => io.err.write(`Pulling ${image}\n`),
    }).catch((error: unknown) => {
      throw interrupted ?? error;
    });
    const { shell } = opened;
    try {
      if (interrupted) throw interrupted;
      if (words.length === 0 || tty) io.err.write(`${firstLine(opened)}\n`);
      const { command, args, env } = shell.program;
      const program = io.runProgram(command, args, env);
      // Ctrl-C in a terminal has reached the program already.
      pass = (signal) => {
        if (signal !== 'SIGINT' || !io.interactive) program.kill(signal);
      };
      const code = await program.ended;
      if (code === killed && !shell.copy && (await shell.hasEnded())) {
        const how = await endOf(runner, opened);
        const what = words.length > 0 ? 'command' : 'shell';
        io.err.write(
          `Task ${opened.attempt.task}, attempt ${opened.attempt.attempt}, ${how ?? 'has ended'}: that ended the ${what}.\n`,
        );
      }
      if (code !== 0) throw new OtherEnded(code);
    } finally {
      await shell.close();
    }
  } finally {
    ignore();
  }
}

/** What the shell is in. */
function firstLine({ shell, execution, attempt, container }: OpenedShell): string {
  const { copy, toolbox } = shell;
  const task = `task ${attempt.task}, attempt ${attempt.attempt}, of ${shortName(execution.name)}`;
  const of = execution.template.containers.length > 1 ? `container ${container} of ${task}` : task;
  const ended =
    attempt.outcome &&
    (attempt.outcome.code === 0 ? 'succeeded' : endingOf(attempt.outcome, execution.template.timeout));
  const state = copy ? `a copy: it ${ended ?? 'ended'}` : 'running';
  if (toolbox !== undefined) {
    return `Toolbox ${toolbox} beside ${of} (${state}). Its files are below /proc/1/root.`;
  }
  const note = copy
    ? 'Changes are lost at the end of the shell, except in volumes.'
    : 'The task goes on; exit ends the shell only.';
  return `Shell in ${of} (${state}). ${note}`;
}
