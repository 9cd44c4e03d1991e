import { isCompleted } from '../model/execution.js';
import { Interrupted } from '../model/errors.js';
import { shortName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import { waitForExecution } from '../service/executions.js';
import { type HostDeps, hostExecution } from '../service/host.js';
import { LogFollower } from '../service/logs.js';
import type { Signal } from './io.js';
import type { Context } from './context.js';
import { openView } from './render/view.js';

/**
 * Runs an execution in this process and shows it: logs and progress on stderr. The first Ctrl-C cancels it, the second
 * kills what still runs; a third ends only this process, and the next localrun command brings the rest to an end.
 * @returns the ended execution, and the signal that cancelled it
 */
export async function runInForeground(
  { io }: Context,
  host: HostDeps,
  execution: Execution,
): Promise<{ execution: Execution; interrupted: Interrupted | undefined }> {
  // From now on a signal has to cancel what is on record already, even before there is a view.
  let say = (text: string): void => io.err.write(`${text}\n`);
  const cancel = new AbortController();
  const kill = new AbortController();
  let interrupted: Interrupted | undefined;
  const ignore = io.onSignal((signal: Signal) => {
    if (!interrupted) {
      interrupted = new Interrupted(signal);
      cancel.abort();
      say('Running tasks have 10 s to stop. Press Ctrl-C again to kill them.');
    } else {
      say('Killing the running tasks.');
      kill.abort();
      ignore();
    }
  });
  const view = await openView(io, execution, host.now);
  say = (text) => view.say(text);
  const follower = new LogFollower(host.logs, execution, (line) => view.onLine(line));
  try {
    const control = { cancel: cancel.signal, kill: kill.signal };
    const ended = await hostExecution(host, execution.name, control, (event) => {
      follower.onEvent(event);
      view.onEvent(event);
    });
    if (ended) return { execution: ended, interrupted };
    view.say(`Another localrun process has taken ${shortName(execution.name)} over; waiting for it to end.`);
    return { execution: await waitForExecution(host, execution.name, isCompleted), interrupted };
  } finally {
    ignore();
    follower.close();
    view.close();
  }
}
