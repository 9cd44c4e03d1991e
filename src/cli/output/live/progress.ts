import type { ExecutionEvent } from '../../../model/events.js';
import { unheard } from '../../../model/log-entry.js';
import { shortName } from '../../../model/names.js';
import { endingOf } from '../../../model/attempt.js';
import { printable } from '../../../model/printable.js';
import type { Execution, TaskTemplate } from '../../../model/schema/job.js';
import { formatSpan } from '../../../model/time.js';
import { type Look, signs } from '../symbols.js';

/** An attempt that runs. */
interface Running {
  task: number;
  attempt: number;
  since: number;
  stopping: boolean;
}

/** What the live view knows of an execution: a fold over its events. */
export interface Progress {
  id: string;
  taskCount: number;
  /** A task keeps its place while it runs, and the next one takes it, so that rows do not jump. */
  slots: readonly (Running | undefined)[];
  /** Tasks that run no more, and whose result is still to come. */
  settling: readonly number[];
  succeeded: number;
  failed: number;
  cancelled: number;
  retries: number;
  /** What everything waits for. */
  waiting: string | undefined;
  /** What the container engine is slow at, and since when it is silent. */
  slow: { call: string; since: number } | undefined;
  since: number;
}

/** Where an execution stands, which may have begun long ago; the attempts that run are still to be told. */
export const newProgress = (execution: Execution, now: number): Progress => ({
  id: shortName(execution.name),
  taskCount: execution.taskCount,
  slots: [],
  settling: [],
  succeeded: execution.succeededCount ?? 0,
  failed: execution.failedCount ?? 0,
  cancelled: execution.cancelledCount ?? 0,
  retries: execution.retriedCount ?? 0,
  waiting: 'looking for the image',
  slow: undefined,
  since: now,
});

export function advance(progress: Progress, event: ExecutionEvent, now: number): Progress {
  const { slots } = progress;
  switch (event.type) {
    case 'image.pulling':
      return { ...progress, waiting: `pulling ${event.image}` };
    case 'execution.started':
      return { ...progress, waiting: undefined };
    case 'attempt.started':
      return { ...progress, slots: withAttempt(slots, event, now) };
    case 'attempt.settling': {
      const { task } = event;
      const settling = progress.settling.filter((other) => other !== task);
      if (event.settling) return { ...progress, slots: without(slots, task), settling: [...settling, task] };
      return { ...progress, slots: withAttempt(slots, event, now), settling };
    }
    case 'attempt.stopping':
      return {
        ...progress,
        slots: slots.map((slot) => (slot?.task === event.task ? { ...slot, stopping: true } : slot)),
      };
    case 'attempt.ended':
      return {
        ...progress,
        slots: without(slots, event.task),
        settling: progress.settling.filter((task) => task !== event.task),
        succeeded: progress.succeeded + (event.state === 'Succeeded' ? 1 : 0),
        failed: progress.failed + (event.state === 'Failed' ? 1 : 0),
        cancelled: progress.cancelled + (event.state === 'Cancelled' ? 1 : 0),
        retries: progress.retries + (event.state === 'Pending' ? 1 : 0),
      };
    case 'execution.cancelling':
      return { ...progress, waiting: 'cancelling' };
    case 'runtime.unavailable':
      return { ...progress, waiting: 'the container engine does not answer' };
    case 'runtime.available':
      return { ...progress, waiting: undefined };
    case 'runtime.slow':
      return { ...progress, slow: event.call === undefined ? undefined : { call: event.call, since: now - event.ms } };
    default:
      return progress;
  }
}

function withAttempt(
  slots: Progress['slots'],
  { task, attempt }: { task: number; attempt: number },
  since: number,
): Progress['slots'] {
  const free = slots.indexOf(undefined);
  const next = [...slots];
  next[free < 0 ? slots.length : free] = { task, attempt, since, stopping: false };
  return next;
}

const without = (slots: Progress['slots'], task: number): Progress['slots'] =>
  slots.map((slot) => (slot?.task === task ? undefined : slot));

/** How many attempts run. */
export const runningIn = ({ slots }: Progress): number => slots.filter((slot) => slot !== undefined).length;

/** The execution in a line. */
export function headline(progress: Progress, now: number, look: Pick<Look, 'unicode'>): string {
  const { id, taskCount, succeeded, failed, cancelled, retries, since } = progress;
  const counts = [
    succeeded + failed + cancelled < taskCount ? `${runningIn(progress)} running` : 'cleaning up',
    `${succeeded} of ${taskCount} succeeded`,
    ...(failed ? [`${failed} failed`] : []),
    ...(cancelled ? [`${cancelled} cancelled`] : []),
    ...(retries ? [`${retries} ${retries === 1 ? 'retry' : 'retries'}`] : []),
  ];
  return `${id}  ${counts.join(` ${signs(look).dot} `)}  ${seconds(now - since)}`;
}

/** How often rows are shown anew, in ms. */
export const frameInterval = 200;

/**
 * The rows that stay at the bottom of a terminal of this size, all of them narrower than it, no more than a third of
 * its height.
 */
export function frame(
  progress: Progress,
  { width, height, now }: { width: number; height: number; now: number },
  look: Look,
): string[] {
  const { taskCount, slots, settling, succeeded, failed, cancelled, waiting, slow } = progress;
  const room = Math.max(1, Math.floor(height / 3) - 1 - (waiting ? 1 : 0) - (slow ? 1 : 0));
  // Free slots are taken as long as tasks wait for one.
  const running = runningIn(progress);
  let left = waiting ? 0 : taskCount - succeeded - failed - cancelled - settling.length - running;
  const places = slots.filter((slot) => slot ?? left-- > 0);
  const shown = places.length > room ? places.slice(0, room - 1) : places;
  const rows = shown.map((slot) => {
    if (!slot) return 'starting the next task';
    const retry = slot.attempt > 0 ? ` (retry ${slot.attempt})` : '';
    return `task ${slot.task} ${slot.stopping ? 'stopping' : 'running'}${retry}  ${seconds(now - slot.since)}`;
  });
  if (slow) rows.unshift(`the container engine is slow: ${slow.call}  ${seconds(now - slow.since)}`);
  if (waiting) rows.unshift(waiting);
  else if (left > 0 && slots.length === 0) rows.push('starting the first tasks');
  if (shown.length < places.length) rows.push(`and ${places.length - shown.length} more`);
  const { spinner } = signs(look);
  const moving = look.chalk.cyan(spinner[Math.floor(now / frameInterval) % spinner.length]);
  const head = `${moving} ${cut(headline(progress, now, look), width, look)}`;
  return [head, ...rows.map((row) => `  ${cut(row, width, look)}`)];
}

/** A row with room for the two columns of the spinner before it, and for one after it. */
function cut(text: string, width: number, look: Pick<Look, 'unicode'>): string {
  const row = printable(text, false);
  const columns = width - 3;
  return row.length > columns ? row.slice(0, Math.max(0, columns - 1)) + signs(look).more : row;
}

const seconds = (ms: number): string => formatSpan(Math.floor(ms / 1000) * 1000);

/** What there is to say about an event, in a line that stays; undefined where the view itself shows enough. */
export function sentence(
  event: ExecutionEvent,
  { maxRetries = 0, timeout }: Partial<TaskTemplate>,
  { chalk }: Pick<Look, 'chalk'>,
): string | undefined {
  switch (event.type) {
    case 'execution.adopted':
      return `Taking up ${event.attempts} ${event.attempts === 1 ? 'attempt' : 'attempts'} that another process has left.`;
    case 'image.pulling':
      return `Pulling ${event.image}`;
    case 'image.unavailable':
      return chalk.red(`Cannot get ${event.image}: ${event.detail}`);
    case 'attempt.stopping':
      return event.reason === 'timeout'
        ? `task ${event.task} has reached its timeout of ${timeout}; stopping it`
        : undefined;
    case 'attempt.ended': {
      const { outcome, task, attempt, state } = event;
      const doubt = outcome.unheard
        ? chalk.yellow(`The end of the log of task ${task} attempt ${attempt} may be missing: ${unheard}.`)
        : undefined;
      if (outcome.code === 0 || state === 'Cancelled') return doubt;
      const next = state === 'Pending' ? '; retrying' : '';
      const line = `task ${task} ${endingOf(outcome, timeout)} (attempt ${attempt + 1} of ${maxRetries + 1})${next}`;
      const colored = state === 'Pending' ? chalk.yellow(line) : chalk.red(line);
      return doubt ? `${doubt}\n${colored}` : colored;
    }
    case 'log.trouble': {
      const log = `The log of task ${event.task} attempt ${event.attempt}`;
      return event.lost
        ? chalk.red(`${log} is not complete: ${event.message}. It ends with a line that says so.`)
        : chalk.yellow(
            `${log} cannot be written: ${event.message}. The task goes on; its log is written again when it has ended.`,
          );
    }
    case 'execution.cancelling':
      return 'Cancelling the execution.';
    case 'runtime.unavailable':
      return `${chalk.yellow(event.message)} Waiting for it; nothing is lost.`;
    case 'runtime.available':
      return 'The container engine answers again.';
    case 'runtime.slow':
      if (!event.first) return undefined;
      return chalk.yellow(
        `The container engine is slow: it has been silent for ${seconds(event.ms)} at \`${event.call}\`. Starts and results take longer.`,
      );
    default:
      return undefined;
  }
}
