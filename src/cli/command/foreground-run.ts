import { graceSeconds } from '../../model/defaults.js';
import { completionStatus } from '../../model/execution.js';
import { StatusError } from '../../model/errors.js';
import { shortName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { currentExecution } from '../../service/executions.js';
import { handOver, runAndFollow, type RunnerCall } from '../../service/execution-runner.js';
import type { Call } from '../../service/service.js';
import type { CommonOptions } from '../flags/global.js';
import { exitCodeOf, Interrupted, Reported } from '../errors.js';
import type { Signal } from '../io.js';
import type { Context } from './context.js';
import { print } from '../output/print.js';
import { executionKind } from '../output/resource-kinds.js';
import { reportKeptContainers } from '../output/leftovers.js';
import { ending, summary } from '../output/run-summary.js';
import { isLive } from '../output/live/painter.js';
import { openView, type View } from '../output/live/view.js';

/** An execution that has ended in this process, and the signal that cancelled it, if any. */
export interface Finished {
  execution: Execution;
  interrupted: Interrupted | undefined;
}

/** How long, in ms, tasks of a run that another one is to follow get to stop: the user waits for that one. */
const supersededGrace = 2000;

/**
 * Runs the execution that `begin` returns in this process, with its logs and progress on stderr. The first Ctrl-C cancels
 * it, the second kills the running tasks. A third, for a container engine that hangs, ends only this process; the next
 * localrun command finishes the rest. If the terminal is closed, the execution continues in the background. If a cluster
 * worker runs executions, Ctrl-C cancels and leaves. When `superseded` aborts, the execution is cancelled, too, and what
 * does not stop soon is killed.
 */
export async function runInForeground(
  context: Context,
  runner: RunnerCall,
  begin: () => Execution,
  superseded?: AbortSignal,
): Promise<Finished> {
  let created: Execution | undefined;
  const { io } = context;
  let view: View | undefined;
  const say = (text: string): void => (view ? view.say(text) : io.err.write(`${text}\n`));
  const cancel = new AbortController();
  const kill = new AbortController();
  let interrupted: Interrupted | undefined;
  // Before the execution exists: otherwise a signal could end the process and orphan the execution.
  const ignore = io.onSignal((signal: Signal) => {
    if (!interrupted) {
      interrupted = new Interrupted(signal);
      cancel.abort();
      if (view?.running() === 0) say('No task is running.');
      else {
        const again = runner.elsewhere ? 'leave' : 'kill';
        say(`Running tasks have ${graceSeconds(created?.template)} s to stop. Press Ctrl-C again to ${again} them.`);
      }
    } else if (!kill.signal.aborted && !runner.elsewhere) {
      say(
        'Killing the running tasks. If that takes too long, press Ctrl-C again to leave them to the next localrun command.',
      );
      kill.abort();
    } else {
      const who = runner.elsewhere ? 'The worker continues to cancel' : 'The next localrun command will resume';
      if (created) say(`${who} execution [${shortName(created.name)}].`);
      view?.close();
      io.exit(exitCodeOf(new Interrupted(signal), { begun: true }));
    }
  });
  let patience: NodeJS.Timeout | undefined;
  const giveWay = (): void => {
    if (interrupted) return;
    say('Files have changed.');
    cancel.abort();
    patience = setTimeout(() => kill.abort(), supersededGrace);
  };
  superseded?.addEventListener('abort', giveWay);
  const stay = io.onHangup(() => {
    if (created && !runner.elsewhere) handOver(runner, created.name);
  });
  try {
    superseded?.throwIfAborted();
    created = begin();
    view = openView(io, created, runner.now, created.startTime ? runner.store.tasks(created.name) : []);
    const control = { cancel: cancel.signal, kill: kill.signal };
    const { name } = created;
    const shown = view;
    const execution = await runAndFollow(runner, created, control, {
      onEvent: (event) => shown.onEvent(event),
      onLines: (lines) => shown.onLines(lines),
      reader: io.err,
      onTakenOver: () => say(`Another localrun process has taken over ${shortName(name)}; waiting until it has ended.`),
    });
    return { execution, interrupted };
  } catch (error) {
    const engineFailed =
      !runner.elsewhere && error instanceof StatusError && (error.code === 'INTERNAL' || error.code === 'UNAVAILABLE');
    if (engineFailed && created) say(`The next localrun command will resume execution [${shortName(created.name)}].`);
    throw error;
  } finally {
    superseded?.removeEventListener('abort', giveWay);
    clearTimeout(patience);
    view?.close();
    ignore();
    stay();
  }
}

/**
 * Prints the result of an execution that ran in this process, without its tasks if it has been deleted.
 * @throws Interrupted or Reported unless it has succeeded
 */
export async function printFinished(
  context: Context,
  options: CommonOptions,
  service: Call,
  { execution, interrupted }: Finished,
): Promise<void> {
  const { io } = context;
  const deleted = currentExecution(service, execution.name) === undefined;
  const onTerminal = isLive(io);
  await print(context, options, execution, {
    kind: executionKind,
    human: () => (deleted || (onTerminal && io.out.tty) ? '' : summary(context, service, execution)),
  });
  if (deleted) {
    io.err.write(`Execution [${shortName(execution.name)}] was deleted while it ran.\n`);
    throw interrupted ?? new Reported();
  }
  reportKeptContainers(context, service, execution);
  const succeeded = completionStatus(execution) === 'EXECUTION_SUCCEEDED';
  const by = interrupted && (interrupted.signal === 'SIGINT' ? 'Ctrl-C' : interrupted.signal);
  if (onTerminal) io.err.write(ending(context, service, execution, by));
  else if (!succeeded) io.err.write(`\n${ending(context, service, execution, by)}`);
  if (interrupted) throw interrupted;
  if (!succeeded) throw new Reported();
}
