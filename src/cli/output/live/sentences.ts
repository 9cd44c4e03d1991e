import { endingOf } from '../../../model/attempt.js';
import type { ExecutionEvent } from '../../../model/events.js';
import { unheard } from '../../../model/log-entry.js';
import type { TaskTemplate } from '../../../model/schema/job.js';
import { formatSpan } from '../../../model/time.js';
import { publishedLine } from '../local-settings.js';
import { type Look, signs } from '../symbols.js';
import { nounOf, type Progress } from './progress.js';

/** The execution in one line, for a log. */
export function headline(progress: Progress, now: number, look: Pick<Look, 'unicode'>): string {
  const { id, taskCount, succeeded, failed, cancelled, retries, running, complete, since } = progress;
  const counts = [
    complete ? 'cleaning up' : `${running} running`,
    `${succeeded} of ${taskCount} succeeded`,
    ...(failed ? [`${failed} failed`] : []),
    ...(cancelled ? [`${cancelled} cancelled`] : []),
    ...(retries ? [`${retries} ${retries === 1 ? 'retry' : 'retries'}`] : []),
  ];
  return `${id}  ${counts.join(` ${signs(look).dot} `)}  ${seconds(now - since)}`;
}

const seconds = (ms: number): string => formatSpan(Math.floor(ms / 1000) * 1000);

type Template = Partial<Pick<TaskTemplate, 'maxRetries' | 'timeout'>>;
type AttemptStopping = Extract<ExecutionEvent, { type: 'attempt.stopping' }>;
type AttemptEnded = Extract<ExecutionEvent, { type: 'attempt.ended' }>;

/**
 * How an attempt ended that has not succeeded, to follow the name of its task: `failed with exit code 1 (attempt 1 of
 * 3); retrying`. Undefined if it was cancelled or has succeeded.
 */
export function ending(
  { outcome, attempt, state }: AttemptEnded,
  { maxRetries = 0, timeout }: Template,
): string | undefined {
  if (outcome.code === 0 || state === 'Cancelled') return undefined;
  const next = state === 'Pending' ? '; retrying' : '';
  return `${endingOf(outcome, timeout)} (attempt ${attempt + 1} of ${maxRetries + 1})${next}`;
}

/** Why an attempt is stopped, to follow the name of its task; undefined if the whole execution is cancelled. */
export const stopping = ({ reason }: AttemptStopping, { timeout }: Template): string | undefined =>
  reason === 'timeout' ? `has reached its timeout of ${timeout}; stopping it` : undefined;

/** An event as a line that stays; undefined where the view itself shows enough. */
export function sentence(event: ExecutionEvent, template: Template, look: Pick<Look, 'chalk'>): string | undefined {
  const { chalk } = look;
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
    case 'attempt.stopping': {
      const why = stopping(event, template);
      return why && `task ${event.task} ${why}`;
    }
    case 'attempt.ended': {
      const lost = doubt(event, look);
      const how = ending(event, template);
      if (how === undefined) return lost;
      const line = (event.state === 'Pending' ? chalk.yellow : chalk.red)(`task ${event.task} ${how}`);
      return lost === undefined ? line : `${lost}\n${line}`;
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

/** That a log may lack its end; undefined if it does not. */
export const doubt = ({ outcome, task, attempt }: AttemptEnded, { chalk }: Pick<Look, 'chalk'>): string | undefined =>
  outcome.unheard
    ? chalk.yellow(`The end of the log of task ${task} attempt ${attempt} may be missing: ${unheard}.`)
    : undefined;
