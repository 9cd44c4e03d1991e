import { formatSize } from '../model/quantity.js';
import type { CompletionStatus } from '../model/schema/job.js';
import type { TaskState } from '../model/task.js';
import type { AttemptRow, TaskRow } from './data.js';

/** A span in ms: `850 ms`, `12.3 s`, `4 m 05 s`, `2 h 10 m`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const two = (count: number): string => String(count).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

/** How long ago, in words. */
export function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** The look of a state: a class of glyphs and colours. */
export type Tone = 'succeeded' | 'failed' | 'running' | 'scheduled' | 'pending' | 'cancelled' | 'abandoned';

export const statuses: Readonly<Record<CompletionStatus, { tone: Tone; text: string }>> = {
  COMPLETION_STATUS_UNSPECIFIED: { tone: 'pending', text: 'Unknown' },
  EXECUTION_SUCCEEDED: { tone: 'succeeded', text: 'Succeeded' },
  EXECUTION_FAILED: { tone: 'failed', text: 'Failed' },
  EXECUTION_RUNNING: { tone: 'running', text: 'Running' },
  EXECUTION_PENDING: { tone: 'pending', text: 'Pending' },
  EXECUTION_CANCELLED: { tone: 'cancelled', text: 'Cancelled' },
};

export const taskStates: readonly TaskState[] = [
  ...(['Failed', 'Running', 'Scheduled', 'Pending', 'Succeeded', 'Cancelled', 'Abandoned'] as const),
];

export const toneOf = (state: TaskState): Tone => state.toLowerCase() as Tone;

export function attemptTone({ code, started }: AttemptRow): Tone {
  if (code === 0) return 'succeeded';
  if (code === 1) return 'cancelled';
  if (code !== undefined) return 'failed';
  return started === undefined ? 'scheduled' : 'running';
}

const outcomes: Readonly<Record<Tone, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  running: 'running',
  scheduled: 'starting',
  pending: 'pending',
  cancelled: 'cancelled',
  abandoned: 'abandoned',
};

/** How an attempt went: `failed, exit code 3`. */
export function outcome(attempt: AttemptRow): string {
  const tone = attemptTone(attempt);
  const { exitCode, signal } = attempt;
  const how = exitCode ? `, exit code ${exitCode}` : signal ? `, signal ${signal}` : '';
  return outcomes[tone] + how;
}

/** How long its containers ran. */
export const ranFor = ({ started, ended }: AttemptRow, now: number): number | undefined =>
  started === undefined ? undefined : (ended ?? now) - started;

/** What the containers of an attempt have used, each by its name if there are several: `app 41 MiB, proxy 3 MiB`. */
export function used({ usage = {} }: AttemptRow, what: 'memory' | 'cpu'): string {
  const entries = Object.entries(usage);
  return entries
    .flatMap(([name, { peakMemoryBytes, cpuSeconds }]) => {
      const amount = what === 'memory' ? peakMemoryBytes : cpuSeconds;
      if (amount === undefined) return [];
      const text = what === 'memory' ? formatSize(amount) : span(amount * 1000);
      return entries.length > 1 ? `${name} ${text}` : text;
    })
    .join(', ');
}

/** A task for those who do not see it: `Task 17: failed, exit code 3, 2 attempts`. */
export function describeTask({ index, state, attempts }: TaskRow): string {
  const last = attempts.at(-1);
  const words = state === 'Failed' && last ? outcome(last) : state.toLowerCase();
  return `Task ${index}: ${words}${attempts.length > 1 ? `, ${attempts.length} attempts` : ''}`;
}

/** The time of day, with ms. */
export function clock(time: number | string, { ms = false } = {}): string {
  const date = new Date(time);
  const text = date.toLocaleTimeString('en-GB');
  return ms ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

/** Date and time of day, in the zone of this machine. */
export function moment(time: number | string): string {
  const date = new Date(time);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${date.toLocaleTimeString('en-GB')}`;
}
