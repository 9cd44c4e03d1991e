import type { ChalkInstance } from 'chalk';
import type { ExecutionEvent } from '../../model/events.js';
import { shortName } from '../../model/names.js';
import type { Execution, TaskTemplate } from '../../model/schema/job.js';
import { formatSpan } from '../../model/time.js';

/** What the live view knows of an execution: a fold over its events. */
export interface Progress {
  id: string;
  taskCount: number;
  /** Attempts that run: task -> what its line says. */
  running: ReadonlyMap<number, { attempt: number; since: number; stopping: boolean }>;
  succeeded: number;
  failed: number;
  cancelled: number;
  retries: number;
  /** What everything waits for. */
  waiting: string | undefined;
  since: number;
}

export const newProgress = ({ name, taskCount }: Execution, now: number): Progress => ({
  id: shortName(name),
  taskCount,
  running: new Map(),
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  retries: 0,
  waiting: 'looking for the image',
  since: now,
});

export function advance(progress: Progress, event: ExecutionEvent, now: number): Progress {
  switch (event.type) {
    case 'image.pulling':
      return { ...progress, waiting: `pulling ${event.image}` };
    case 'execution.started':
      return { ...progress, waiting: undefined };
    case 'attempt.started': {
      const running = new Map(progress.running);
      running.set(event.task, { attempt: event.attempt, since: now, stopping: false });
      return { ...progress, running };
    }
    case 'attempt.stopping': {
      const running = new Map(progress.running);
      const attempt = running.get(event.task);
      if (attempt) running.set(event.task, { ...attempt, stopping: true });
      return { ...progress, running };
    }
    case 'attempt.ended': {
      const running = new Map(progress.running);
      running.delete(event.task);
      return {
        ...progress,
        running,
        succeeded: progress.succeeded + (event.state === 'Succeeded' ? 1 : 0),
        failed: progress.failed + (event.state === 'Failed' ? 1 : 0),
        cancelled: progress.cancelled + (event.state === 'Cancelled' ? 1 : 0),
        retries: progress.retries + (event.state === 'Pending' ? 1 : 0),
      };
    }
    case 'runtime.unavailable':
      return { ...progress, waiting: 'the container engine does not answer' };
    case 'runtime.available':
      return { ...progress, waiting: undefined };
    default:
      return progress;
  }
}

/** The rows that stay at the bottom of a terminal, none wider than `width`, no more than a third of `height`. */
export function frame(progress: Progress, width: number, height: number, now: number): string[] {
  const { id, taskCount, running, succeeded, failed, cancelled, retries, waiting } = progress;
  const counts = [
    `${running.size} running`,
    `${succeeded} of ${taskCount} succeeded`,
    ...(failed ? [`${failed} failed`] : []),
    ...(cancelled ? [`${cancelled} cancelled`] : []),
    ...(retries ? [`${retries} ${retries === 1 ? 'retry' : 'retries'}`] : []),
  ];
  const head = `${id}  ${counts.join(' · ')}  ${seconds(now - progress.since)}`;
  const room = Math.max(1, Math.floor(height / 3) - 1);
  const attempts = [...running].toSorted(([a], [b]) => a - b);
  const shown = attempts.length > room ? attempts.slice(0, room - 1) : attempts;
  const rows = shown.map(([task, { attempt, since, stopping }]) => {
    const retry = attempt > 0 ? ` (retry ${attempt})` : '';
    return `  task ${task} ${stopping ? 'stopping' : 'running'}${retry}  ${seconds(now - since)}`;
  });
  if (shown.length < attempts.length) rows.push(`  and ${attempts.length - shown.length} more`);
  return [head, ...(waiting ? [`  ${waiting}`] : []), ...rows].map((row) => cut(row, width));
}

const seconds = (ms: number): string => formatSpan(Math.floor(ms / 1000) * 1000);
const cut = (row: string, width: number): string =>
  row.length > width ? `${row.slice(0, Math.max(0, width - 1))}…` : row;

/** What there is to say about an event, in a line that stays; undefined where the view itself shows enough. */
export function sentence(
  event: ExecutionEvent,
  { maxRetries = 0, timeout }: Partial<TaskTemplate>,
  chalk: ChalkInstance,
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
      if (outcome.code === 0 || state === 'Cancelled') return undefined;
      const why = outcome.exitCode ? `exit code ${outcome.exitCode}: ${outcome.message}` : outcome.message;
      const next = state === 'Pending' ? `retrying (${attempt + 1} of ${maxRetries})` : 'out of retries';
      const line = `task ${task} attempt ${attempt} failed: ${why}; ${next}`.replace('.;', ';');
      return state === 'Pending' ? chalk.yellow(line) : chalk.red(line);
    }
    case 'execution.cancelling':
      return 'Cancelling the execution.';
    case 'runtime.unavailable':
      return `${chalk.yellow(event.message)} Waiting for it; nothing is lost.`;
    case 'runtime.available':
      return 'The container engine answers again.';
    default:
      return undefined;
  }
}
