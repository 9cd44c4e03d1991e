import type { ExecutionEvent } from '../../../model/events.js';
import { unheard } from '../../../model/log-entry.js';
import { shortName } from '../../../model/names.js';
import { endingOf } from '../../../model/attempt.js';
import { printable } from '../../../model/printable.js';
import type { Execution, TaskTemplate } from '../../../model/schema/job.js';
import { formatSpan } from '../../../model/time.js';
import { publishedLine } from '../local-settings.js';
import { type Look, signs } from '../symbols.js';

/** A running attempt. */
interface Running {
  task: number;
  attempt: number;
  /** The node of the cluster. */
  node: string | undefined;
  since: number;
  stopping: boolean;
}

/** An attempt that has a slot and cannot start yet. */
interface Waiting {
  task: number;
  why: string;
  since: number;
}

/** The state of an execution in the live view: a fold over its events. */
export interface Progress {
  id: string;
  taskCount: number;
  /** A task keeps its row while it runs, and the next task takes it over, so rows do not jump. */
  slots: readonly (Running | undefined)[];
  waits: readonly Waiting[];
  /** Tasks that no longer run but have no result yet. */
  settling: readonly number[];
  succeeded: number;
  failed: number;
  cancelled: number;
  retries: number;
  /** What the whole execution waits for. */
  waiting: string | undefined;
  /** The call that the container engine is slow at, and since when it has been silent. */
  slow: { call: string; since: number; noun: string } | undefined;
  since: number;
}

/** The state of an execution, new or old, before the events of its running attempts. */
export const newProgress = (execution: Execution, now: number): Progress => ({
  id: shortName(execution.name),
  taskCount: execution.taskCount,
  slots: [],
  waits: [],
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
    case 'attempt.waiting':
      return { ...progress, waits: withWait(progress.waits, event, now) };
    case 'attempt.started':
      return { ...progress, slots: withAttempt(slots, event, now), waits: withWait(progress.waits, event, now) };
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
        waits: withWait(progress.waits, event, now),
        settling: progress.settling.filter((task) => task !== event.task),
        succeeded: progress.succeeded + (event.state === 'Succeeded' ? 1 : 0),
        failed: progress.failed + (event.state === 'Failed' ? 1 : 0),
        cancelled: progress.cancelled + (event.state === 'Cancelled' ? 1 : 0),
        retries: progress.retries + (event.state === 'Pending' ? 1 : 0),
      };
    case 'execution.cancelling':
      return { ...progress, waiting: 'cancelling' };
    case 'runtime.unavailable':
      return { ...progress, waiting: `the ${nounOf(event)} does not answer` };
    case 'runtime.available':
      return { ...progress, waiting: undefined };
    case 'runtime.slow':
      return { ...progress, slow: slowOf(event, now) };
    default:
      return progress;
  }
}

const nounOf = ({ cluster }: { cluster?: true }): string => (cluster ? 'cluster' : 'container engine');

function slowOf(event: ExecutionEvent & { type: 'runtime.slow' }, now: number): Progress['slow'] {
  const { call, ms } = event;
  return call === undefined ? undefined : { call, since: now - ms, noun: nounOf(event) };
}

/** With a new reason to wait, or without one. The time counts from the first. */
function withWait(
  waits: Progress['waits'],
  { task, why }: { task: number; why?: string | undefined },
  now: number,
): Progress['waits'] {
  const others = waits.filter((wait) => wait.task !== task);
  if (why === undefined) return others;
  return [...others, { task, why, since: waits.find((wait) => wait.task === task)?.since ?? now }];
}

/** Those that wait for the same are one, and wait as long as the first of them. */
function byReason(waits: Progress['waits']): { who: string; tasks: number; why: string; since: number }[] {
  return [...new Set(waits.map(({ why }) => why))].map((why) => {
    const same = waits.filter((wait) => wait.why === why);
    const who = same.length === 1 ? `task ${same[0]?.task}` : `${same.length} tasks`;
    return { who, tasks: same.length, why, since: Math.min(...same.map(({ since }) => since)) };
  });
}

function withAttempt(
  slots: Progress['slots'],
  { task, attempt, node }: { task: number; attempt: number; node?: string | undefined },
  since: number,
): Progress['slots'] {
  const free = slots.indexOf(undefined);
  const next = [...slots];
  next[free < 0 ? slots.length : free] = { task, attempt, node, since, stopping: false };
  return next;
}

const without = (slots: Progress['slots'], task: number): Progress['slots'] =>
  slots.map((slot) => (slot?.task === task ? undefined : slot));

/** The number of running attempts. */
export const runningIn = ({ slots }: Progress): number => slots.filter((slot) => slot !== undefined).length;

/** The execution in one line. */
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

/** The time between two frames, in ms. */
export const frameInterval = 200;

/** The rows at the bottom of a terminal of this size: narrower than the terminal, and at most a third of its height. */
export function frame(
  progress: Progress,
  { width, height, now }: { width: number; height: number; now: number },
  look: Look,
): string[] {
  const { taskCount, slots, waits, settling, succeeded, failed, cancelled, waiting, slow } = progress;
  const room = Math.max(1, Math.floor(height / 3) - 1 - (waiting ? 1 : 0) - (slow ? 1 : 0));
  // While tasks wait, they fill the free slots.
  const running = runningIn(progress);
  let left = waiting ? 0 : taskCount - succeeded - failed - cancelled - settling.length - running - waits.length;
  const places = [...slots.filter((slot) => slot ?? left-- > 0), ...byReason(waits)];
  const shown = places.length > room ? places.slice(0, room - 1) : places;
  const rows = shown.map((slot) => {
    if (!slot) return 'starting the next task';
    if ('why' in slot) return `${slot.who} waiting  ${seconds(now - slot.since)}  ${slot.why}`;
    const retry = slot.attempt > 0 ? ` (retry ${slot.attempt})` : '';
    return `task ${slot.task} ${slot.stopping ? 'stopping' : 'running'}${slot.node === undefined ? '' : ` on ${slot.node}`}${retry}  ${seconds(now - slot.since)}`;
  });
  if (slow) rows.unshift(`the ${slow.noun} is slow: ${slow.call}  ${seconds(now - slow.since)}`);
  if (waiting) rows.unshift(waiting);
  else if (left > 0 && slots.length + waits.length === 0) rows.push('starting the first tasks');
  const hidden = places
    .slice(shown.length)
    .reduce((sum, place) => sum + (place && 'why' in place ? place.tasks : 1), 0);
  if (hidden > 0) rows.push(`and ${hidden} more`);
  const { spinner } = signs(look);
  const moving = look.chalk.cyan(spinner[Math.floor(now / frameInterval) % spinner.length]);
  const head = `${moving} ${cut(headline(progress, now, look), width, look)}`;
  return [head, ...rows.map((row) => `  ${cut(row, width, look)}`)];
}

/** Cuts a row, with room for the two columns of the spinner before it and one column after it. */
function cut(text: string, width: number, look: Pick<Look, 'unicode'>): string {
  const row = printable(text, false);
  const columns = width - 3;
  return row.length > columns ? row.slice(0, Math.max(0, columns - 1)) + signs(look).more : row;
}

const seconds = (ms: number): string => formatSpan(Math.floor(ms / 1000) * 1000);

/** An event as a line that stays; undefined where the view itself shows enough. */
export function sentence(
  event: ExecutionEvent,
  { maxRetries = 0, timeout }: Partial<TaskTemplate>,
  { chalk }: Pick<Look, 'chalk'>,
): string | undefined {
  switch (event.type) {
    case 'execution.adopted':
      return `Resuming ${event.attempts} orphaned ${event.attempts === 1 ? 'attempt' : 'attempts'} of another process.`;
    case 'image.pulling':
      return `Pulling ${event.image}`;
    case 'image.unpinned':
      return chalk.yellow(`${event.image} is not pinned, so its tag may change during the execution: ${event.detail}.`);
    case 'image.unavailable':
      return chalk.red(`Cannot get ${event.image}: ${event.detail}`);
    case 'attempt.waiting':
      return event.why === undefined ? undefined : `task ${event.task} waits: ${event.why}`;
    case 'attempt.published':
      return publishedLine(event.task, event.ports);
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
        ? chalk.red(`${log} is incomplete: ${event.message}. Its last line says so.`)
        : chalk.yellow(
            `${log} cannot be written: ${event.message}. The task continues; localrun writes the log again after it has ended.`,
          );
    }
    case 'execution.cancelling':
      return 'Cancelling the execution.';
    case 'runtime.unavailable':
      return `${chalk.yellow(event.message)} Waiting until it is available; nothing is lost.`;
    case 'runtime.available':
      return `The ${nounOf(event)} answers again.`;
    case 'runtime.slow':
      if (!event.first) return undefined;
      return chalk.yellow(
        `The ${nounOf(event)} is slow: it has been silent for ${seconds(event.ms)} at \`${event.call}\`. Starts and results take longer.`,
      );
    default:
      return undefined;
  }
}
