import type { StopReason } from './attempt.js';
import type { Execution } from './schema/job.js';
import type { AttemptOutcome, TaskState } from './task.js';
import type { Timestamp } from './time.js';

/** What the execution engine reports while it runs an execution. A view folds over these events. */
export type ExecutionEvent = { time: Timestamp } & (
  | { type: 'execution.adopted'; attempts: number }
  | { type: 'image.pulling'; image: string }
  /** The attempts run what the tag means when they start. `detail`: why there is no digest. */
  | { type: 'image.unpinned'; image: string; detail: string }
  /** `detail`: the container engine's message. */
  | { type: 'image.unavailable'; image: string; detail: string }
  | { type: 'execution.started'; execution: Execution }
  /** It has a slot, and the runtime is asked to start it, or to find it again. */
  | { type: 'attempt.starting'; task: number; attempt: number }
  /** The runtime cannot start it yet, and says why. Undefined: it can now. */
  | { type: 'attempt.waiting'; task: number; attempt: number; why: string | undefined }
  | { type: 'attempt.started'; task: number; attempt: number; node?: string | undefined }
  /** Free ports of the runtime's machine that lead to ports of its containers: addresses by port. */
  | { type: 'attempt.published'; task: number; attempt: number; ports: Readonly<Record<string, string>> }
  | { type: 'attempt.stopping'; task: number; attempt: number; reason: StopReason }
  /** Its slot is free but its result is still to come. False: it is running after all. */
  | { type: 'attempt.settling'; task: number; attempt: number; settling: boolean }
  | { type: 'attempt.ended'; task: number; attempt: number; outcome: AttemptOutcome; state: TaskState }
  /** A log cannot be written. `lost`: part of it is missing for good. */
  | { type: 'log.trouble'; task: number; attempt: number; message: string; lost: boolean }
  | { type: 'execution.cancelling' }
  /** `cluster`: the runtime is one, and not the container engine of this machine. */
  | { type: 'runtime.unavailable'; message: string; cluster?: true }
  | { type: 'runtime.available'; cluster?: true }
  /**
   * The runtime has not answered `call` for `ms`. Undefined: it is no longer slow. `first`: not reported
   * before.
   */
  | { type: 'runtime.slow'; call: string | undefined; ms: number; first: boolean; cluster?: true }
  | { type: 'execution.completed'; execution: Execution }
);

export type OnEvent = (event: ExecutionEvent) => void;
