import type { StopReason } from './attempt.js';

/** Everything that determines what an execution does next. Times are in ms of a monotonic clock, durations in ms. */
export interface Situation {
  /** Attempts that may run at once. */
  slots: number;
  /** Attempts that may be starting at once. */
  starts: number;
  timeout: number;
  /** `killed`: the user cancelled twice. */
  cancel: 'no' | 'requested' | 'killed';
  /** Attempts that hold a slot. */
  active: readonly ActiveAttempt[];
  /** Attempts whose container has ended and whose result is not recorded yet. */
  settling: number;
  /** Tasks that wait for a slot, in the order in which they get one; at most `startable` of them. */
  ready: readonly { index: number; attempt: number }[];
}

export interface ActiveAttempt {
  index: number;
  attempt: number;
  /** When its container started, once it has. */
  startedAt?: number | undefined;
  stopping?: StopReason | undefined;
  killed?: boolean | undefined;
}

export type Action =
  | { do: 'start'; index: number; attempt: number; cause: string }
  | { do: 'stop'; index: number; attempt: number; reason: StopReason; cause: string }
  | { do: 'kill'; index: number; attempt: number; cause: string }
  | { do: 'cancelPending'; cause: string }
  | { do: 'complete'; cause: string };

/** How many attempts can start now, if enough tasks are waiting. */
export function startable({ slots, starts, active }: Pick<Situation, 'slots' | 'starts' | 'active'>): number {
  const starting = active.filter(({ startedAt }) => startedAt === undefined).length;
  return Math.max(0, Math.min(slots - active.length, starts - starting));
}

/**
 * What to do now, and until when only an event can change that (`wakeAt`). A free slot takes the next task as soon as
 * one can start. A failed task never keeps others from starting. Timeouts apply per attempt and count from the start of
 * its container. A cancelled execution starts nothing and stops what is running.
 */
export function nextActions(situation: Situation, now: number): { actions: Action[]; wakeAt: number | undefined } {
  const { timeout, cancel, active, settling, ready } = situation;
  const actions: Action[] = [];
  let wakeAt: number | undefined;
  for (const { index, attempt, startedAt, stopping, killed } of active) {
    if (startedAt === undefined) continue;
    const deadline = startedAt + timeout;
    if (cancel === 'killed' && !killed) actions.push({ do: 'kill', index, attempt, cause: 'cancelled twice' });
    else if (stopping) continue;
    else if (cancel !== 'no') actions.push({ do: 'stop', index, attempt, reason: 'cancel', cause: 'cancelled' });
    else if (now >= deadline) {
      actions.push({ do: 'stop', index, attempt, reason: 'timeout', cause: `ran for ${timeout / 1000}s` });
    } else wakeAt = Math.min(wakeAt ?? deadline, deadline);
  }
  if (cancel === 'no') {
    for (const { index, attempt } of ready.slice(0, startable(situation))) {
      actions.push({ do: 'start', index, attempt, cause: attempt > 0 ? `retry ${attempt}` : 'a slot is free' });
    }
  } else if (ready.length > 0) {
    actions.push({ do: 'cancelPending', cause: 'cancelled' });
  }
  if (actions.length === 0 && active.length === 0 && settling === 0) {
    actions.push({ do: 'complete', cause: cancel === 'no' ? 'all tasks are done' : 'cancelled' });
  }
  return { actions, wakeAt };
}
