import { codes } from './errors.js';
import type { AttemptOutcome } from './task.js';
import type { Timestamp } from './time.js';

/** Why we stop a container before its end. */
export type StopReason = 'timeout' | 'cancel';

/** What is kept of an attempt; it is recorded before its container is made and completed after the last inspect. */
export interface AttemptRecord {
  task: number;
  attempt: number;
  container: string;
  createTime: Timestamp;
  startTime?: Timestamp | undefined;
  /** Set before the container is told to stop. */
  stop?: { reason: StopReason; time: Timestamp } | undefined;
  endTime?: Timestamp | undefined;
  outcome?: AttemptOutcome | undefined;
}

/** A container that has come to rest, as the engine reports it. */
export type EndedContainer =
  /** It could not be started; 126: not executable, 127: no such command, otherwise the engine's own trouble. */
  | { status: 'created'; exitCode: number; error: string }
  | {
      status: 'exited';
      startedAt: Timestamp;
      finishedAt: Timestamp;
      exitCode: number;
      oomKilled: boolean;
    }
  /** It is not there any more, though it was started and nobody recorded its end. */
  | { status: 'missing' };

/**
 * How an attempt ended, from what the engine says of its container and from why we stopped it, if we did. A container
 * that ended by itself before the stop keeps its own result. The messages are those of the service.
 */
export function judge(container: EndedContainer, stop: AttemptRecord['stop']): AttemptOutcome {
  switch (container.status) {
    case 'missing':
      return stop
        ? stopped(stop.reason)
        : { code: codes.INTERNAL, message: 'The container was removed before its result was known.' };
    case 'created': {
      if (stop?.reason === 'cancel') return stopped('cancel');
      const { exitCode, error } = container;
      const message = `Application failed to start: ${error || 'the container engine gave no reason'}`;
      return { code: codes.ABORTED, message, ...(exitCode > 0 ? { exitCode } : {}) };
    }
    case 'exited': {
      if (stop && container.finishedAt >= stop.time) return stopped(stop.reason);
      const { exitCode } = container;
      if (exitCode === 0) return { code: 0, message: '' };
      // cgroups report a kill inside the container even if it went on; with a failing exit it is the cause.
      if (container.oomKilled) {
        return { code: codes.RESOURCE_EXHAUSTED, message: 'The configured memory limit was reached.' };
      }
      const signal = signalOf(exitCode);
      return signal
        ? { code: codes.ABORTED, message: `The container was terminated on signal ${signal}.`, termSignal: signal }
        : { code: codes.ABORTED, message: 'The container exited with an error.', exitCode };
    }
  }
}

const stopped = (reason: StopReason): AttemptOutcome =>
  reason === 'timeout'
    ? { code: codes.DEADLINE_EXCEEDED, message: 'The configured timeout was reached.' }
    : { code: codes.CANCELLED, message: 'Cancelled by user.' };

/** Container engines report death by signal n as exit code 128 + n; Linux has signals 1 to 64. */
const signalOf = (exitCode: number): number | undefined =>
  exitCode > 128 && exitCode <= 192 ? exitCode - 128 : undefined;
