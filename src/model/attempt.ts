import { codes } from './errors.js';
import type { AttemptOutcome } from './task.js';
import { durationSeconds, formatTimeout, type Timestamp } from './time.js';

/** Why we stop a container before its end. */
export type StopReason = 'timeout' | 'cancel';

/** What is kept of an attempt. It is recorded before anything of it is made, and completed when all of it has ended. */
export interface AttemptRecord {
  task: number;
  attempt: number;
  /** What the runtime calls it, for people. */
  name: string;
  /** Where it is, in a form that only the runtime reads. */
  handle: string;
  createTime: Timestamp;
  /** When its first container started. */
  startTime?: Timestamp | undefined;
  /** When its main container started, which is not started twice. */
  mainStartTime?: Timestamp | undefined;
  /** Set before its containers are told to stop, if the main one has not ended by itself. */
  stop?: { reason: StopReason; time: Timestamp } | undefined;
  endTime?: Timestamp | undefined;
  outcome?: AttemptOutcome | undefined;
}

/** How the main container of an attempt ended, and which other container's failure ended the attempt, if one did. */
export interface EndedAttempt {
  /** `unstarted`: the attempt ended before it was its turn. */
  main: EndedContainer | { status: 'unstarted' };
  /** When its first container started, by the engine. */
  startedAt?: Timestamp | undefined;
  culprit?: Culprit | undefined;
}

export type Culprit = { container: string } & (
  | { failure: 'ended'; ended: EndedContainer }
  /** `probe` is what was asked, `detail` what was wrong with the last answer. */
  | { failure: 'probe'; probe: string; failures: number; detail: string }
);

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
      /** Its command could not be executed; what was said of that. */
      unexecuted?: string | undefined;
      /** It ended by itself while the engine was away, which may not have its last output, or cannot give its log. */
      unheard?: boolean | undefined;
    }
  /** It is not there any more, though it was started and nobody recorded its end. */
  | { status: 'missing' };

/**
 * How an attempt ended, from what the engine says of its containers and from why we stopped it, if we did: what had
 * ended before keeps its own result. The messages are those of the service where it is
 * known to have one.
 */
export function judgeAttempt({ main, culprit }: EndedAttempt, stop: AttemptRecord['stop']): AttemptOutcome {
  const outcome = judgeEnd({ main, culprit }, stop);
  return main.status === 'exited' && main.unheard ? { ...outcome, unheard: true } : outcome;
}

function judgeEnd({ main, culprit }: EndedAttempt, stop: AttemptRecord['stop']): AttemptOutcome {
  if (culprit) return judgeCulprit(culprit, stop);
  if (main.status !== 'unstarted') return judge(main, stop);
  return stop ? stopped(stop.reason) : { code: codes.INTERNAL, message: 'The container was never started.' };
}

function judgeCulprit(culprit: Culprit, stop: AttemptRecord['stop']): AttemptOutcome {
  if (culprit.failure === 'probe') {
    const { container, probe, failures, detail } = culprit;
    const times = failures === 1 ? '1 time' : `${failures} times`;
    const message = `STARTUP ${probe} probe failed ${times} consecutively for container "${container}": ${detail}. The instance was not started.`;
    return { code: codes.ABORTED, message };
  }
  const { ended } = culprit;
  const before = ended.status === 'exited' && stop !== undefined && ended.finishedAt < stop.time;
  const outcome = judge(ended, before ? undefined : stop);
  if (stop && !before) return outcome;
  const { exitCode = 0, termSignal } = outcome;
  const how = termSignal ? `was terminated on signal ${termSignal}` : `exited with code ${exitCode}`;
  const message =
    ended.status === 'exited' && (outcome.code === 0 || outcome.code === codes.ABORTED)
      ? `Container "${culprit.container}" ${how} before the task had ended.`
      : `Container "${culprit.container}": ${outcome.message}`;
  return { ...outcome, code: outcome.code || codes.ABORTED, message };
}

const exitedWithError = 'The container exited with an error.';
const memoryReached = 'The configured memory limit was reached.';
const timeoutReached = 'The configured timeout was reached.';
const terminated = (signal: number): string => `The container was terminated on signal ${signal}.`;

/**
 * How an attempt ended, as people say it of its task: `failed with exit code 1`.
 * @param timeout of the task, as proto JSON has it
 */
export function endingOf({ message, exitCode, termSignal }: Omit<AttemptOutcome, 'code'>, timeout = ''): string {
  if (message === exitedWithError && exitCode) return `failed with exit code ${exitCode}`;
  if (message === memoryReached) return 'ran out of memory';
  if (message === timeoutReached) {
    const seconds = durationSeconds(timeout) ?? 0;
    return `timed out after ${seconds < 60 ? `${seconds} s` : formatTimeout(seconds)}`;
  }
  if (termSignal && message === terminated(termSignal)) return `was terminated on signal ${termSignal}`;
  const said = message.replace(/\.$/, '');
  return said.startsWith(failedToStart) ? said.replace(failedToStart, 'failed to start') : `failed: ${said}`;
}

/** How one container ended. */
export function judge(container: EndedContainer, stop: AttemptRecord['stop']): AttemptOutcome {
  switch (container.status) {
    case 'missing':
      return stop
        ? stopped(stop.reason)
        : { code: codes.INTERNAL, message: 'The container was removed before its result was known.' };
    case 'created': {
      if (stop?.reason === 'cancel') return stopped('cancel');
      const { exitCode, error } = container;
      return { code: codes.ABORTED, message: startFailure(error), ...(exitCode > 0 ? { exitCode } : {}) };
    }
    case 'exited': {
      if (stop) return stopped(stop.reason);
      const { exitCode } = container;
      if (exitCode === 0) return { code: 0, message: '' };
      // cgroups report a kill inside the container even if it went on; with a failing exit it is the cause.
      if (container.oomKilled) {
        return { code: codes.RESOURCE_EXHAUSTED, message: memoryReached };
      }
      if (container.unexecuted !== undefined) {
        return { code: codes.ABORTED, message: startFailure(container.unexecuted), exitCode };
      }
      const signal = signalOf(exitCode);
      return signal
        ? { code: codes.ABORTED, message: terminated(signal), termSignal: signal }
        : { code: codes.ABORTED, message: exitedWithError, exitCode };
    }
  }
}

/** What a container engine says of a command that it cannot run, and what that mostly means. */
const hints: readonly [said: RegExp, hint: string][] = [
  [
    /exec format error$/i,
    'The program is for another architecture (`docker build --platform linux/amd64`), or a script without a first line such as #!/bin/sh.',
  ],
  [
    /^exec [^:]+: no such file or directory$/,
    'The file is there, and what its first line names is not, as with Windows line ends (CRLF) or in an image without that shell; or the program is for another C library.',
  ],
  [/^exec: .*: no such file or directory$/, 'The image has no such file.'],
  [/not found in \$PATH$/, 'The image has no program of that name.'],
  [/^exec: .*: permission denied$/, 'It is a directory, or a file that is not executable (chmod +x).'],
];

const failedToStart = 'Application failed to start';

/** The same as a message, in the words of the service as far as there are some. */
function startFailure(error: string): string {
  const [, hint] = hints.find(([said]) => said.test(error)) ?? [];
  return `${failedToStart}: ${error || 'no reason given'}${hint ? `. ${hint}` : ''}`;
}

/** Whether an attempt has ended in that way, so that nothing of the application has run. */
export const isStartFailure = ({ message }: AttemptOutcome): boolean => message.startsWith(failedToStart);

/**
 * What runtimes of containers write, and nothing else, where a program of the image cannot be executed: they know only
 * when the container runs already, and end with `exitCodes` (docker before 23, and since).
 */
const inability =
  /^(?:standard_init_linux\.go:\d+: )?(exec (?:user process caused: )?(?:[^:]+: )?(?:exec format error|no such file or directory|permission denied))$/;
const exitCodes: readonly number[] = [1, 255];

/** Why the command of a container could not be executed, if that was it; `written` is all that it has written. */
export function unexecuted(exitCode: number, written: () => Record<'stdout' | 'stderr', string>): string | undefined {
  if (!exitCodes.includes(exitCode)) return undefined;
  const { stdout, stderr } = written();
  return stdout === '' ? inability.exec(stderr.trimEnd())?.[1] : undefined;
}

const stopped = (reason: StopReason): AttemptOutcome =>
  reason === 'timeout'
    ? { code: codes.DEADLINE_EXCEEDED, message: timeoutReached }
    : { code: codes.CANCELLED, message: 'Cancelled by user.' };

/** Container engines report death by signal n as exit code 128 + n; Linux has signals 1 to 64. */
const signalOf = (exitCode: number): number | undefined =>
  exitCode > 128 && exitCode <= 192 ? exitCode - 128 : undefined;
