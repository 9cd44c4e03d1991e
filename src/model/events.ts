import type { StopReason } from './attempt.js';
import type { Execution } from './schema/job.js';
import type { AttemptOutcome, TaskState } from './task.js';
import type { Timestamp } from './time.js';

/** What the engine tells while it runs an execution; whoever shows it folds over these. */
export type ExecutionEvent = { time: Timestamp } & (
  | { type: 'execution.adopted'; attempts: number }
  | { type: 'image.pulling'; image: string }
  /** `detail`: what the container engine says. */
  | { type: 'image.unavailable'; image: string; detail: string }
  | { type: 'execution.started'; execution: Execution }
  | { type: 'attempt.started'; task: number; attempt: number }
  | { type: 'attempt.stopping'; task: number; attempt: number; reason: StopReason }
  /** Its slot is free, its result still to come; false: it turned out to run on. */
  | { type: 'attempt.settling'; task: number; attempt: number; settling: boolean }
  | { type: 'attempt.ended'; task: number; attempt: number; outcome: AttemptOutcome; state: TaskState }
  /** A log cannot be written. `lost`: it will not be whole any more. */
  | { type: 'log.trouble'; task: number; attempt: number; message: string; lost: boolean }
  | { type: 'execution.cancelling' }
  | { type: 'runtime.unavailable'; message: string }
  | { type: 'runtime.available' }
  /** The engine has been silent for `ms` when asked `call`; undefined: it is not slow any more. `first`: it is news. */
  | { type: 'runtime.slow'; call: string | undefined; ms: number; first: boolean }
  | { type: 'execution.completed'; execution: Execution }
);

export type OnEvent = (event: ExecutionEvent) => void;
