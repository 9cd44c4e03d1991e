import { codes } from './errors.js';
import type { AttemptOutcome } from './task.js';
import type { AttemptUsage } from './usage.js';
import { durationSeconds, formatTimeout, type Timestamp } from './time.js';

/** Why we stop a container before its end. */
export type StopReason = 'timeout' | 'cancel';

/**
 * The stored record of an attempt. It is written before anything of the attempt is created, and completed when
 * everything has ended.
 */
export interface AttemptRecord {
  task: number;
  attempt: number;
  /** The runtime's name for the attempt, for people. */
  name: string;
  /** Where the attempt is, in a form that only the runtime reads. */
  handle: string;
  createTime: Timestamp;
  /** The node of a cluster that it was given to. */
  node?: string | undefined;
  /** Why it has not started yet, in the runtime's words. */
  waiting?: string | undefined;
  /** The free ports that its published ports got, as addresses by port: `{ 80: '127.0.0.1:49153' }`. */
  published?: Readonly<Record<string, string>> | undefined;
  /** When its first container started. */
  startTime?: Timestamp | undefined;
  /** When its main container started. Once this is set, that container is never started again. */
  mainStartTime?: Timestamp | undefined;
  /** Set before its containers are stopped, unless the main container has already exited. */
  stop?: { reason: StopReason; time: Timestamp } | undefined;
  endTime?: Timestamp | undefined;
  outcome?: AttemptOutcome | undefined;
  /** What its containers have used, by their names; set with the outcome. */
  usage?: AttemptUsage | undefined;
}

/** How the main container of an attempt ended, and which other container ended the attempt by failing, if any. */
export interface EndedAttempt {
  /** `unstarted`: the attempt ended before the main container was due to start. */
  main: EndedContainer | { status: 'unstarted' };
  /** When its first container started, according to the container engine. */
  startedAt?: Timestamp | undefined;
  culprit?: Culprit | undefined;
  usage?: AttemptUsage | undefined;
}

export type Culprit = { container: string } & (
  | { failure: 'ended'; ended: EndedContainer }
  /** `probe` names the check, `detail` is the last error. */
  | { failure: 'probe'; probe: string; failures: number; detail: string }
);

/** A container that has ended, as the container engine reports it. */
export type EndedContainer =
  /** It could not be started. 126: not executable; 127: no such command; otherwise an error of the container engine. */
  | { status: 'created'; exitCode: number; error: string }
  | {
      status: 'exited';
      startedAt: Timestamp;
      finishedAt: Timestamp;
      exitCode: number;
      oomKilled: boolean;
      /** Its command could not be executed; this is the error. */
      unexecuted?: string | undefined;
      /**
       * It exited while the container engine was away, so the engine may lack its last output, or cannot return its
       * log.
       */
      unheard?: boolean | undefined;
    }
  /** It was started, but it no longer exists and its end was not recorded. */
  | { status: 'missing' }
  /** It may still be running where it cannot be seen, or its end cannot be known: the node is gone. `reason` says why. */
  | { status: 'lost'; reason: string };

/**
 * The outcome of an attempt, from the state of its containers and from the reason why localrun stopped it, if it did. A
 * container that ended before the stop keeps its own result. Messages are Cloud Run's where its wording is known.
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
 * How an attempt ended, phrased to follow the name of its task: `failed with exit code 1`.
 * @param timeout of the task, as proto JSON writes it
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

/** The outcome of one container. */
export function judge(container: EndedContainer, stop: AttemptRecord['stop']): AttemptOutcome {
  switch (container.status) {
    case 'missing':
      return stop
        ? stopped(stop.reason)
        : { code: codes.INTERNAL, message: 'The container was removed before its result was known.' };
    case 'lost':
      return stop
        ? stopped(stop.reason)
        : { code: codes.UNAVAILABLE, message: `The attempt was lost: ${container.reason}` };
    case 'created': {
      if (stop?.reason === 'cancel') return stopped('cancel');
      const { exitCode, error } = container;
      return { code: codes.ABORTED, message: startFailure(error), ...(exitCode > 0 ? { exitCode } : {}) };
    }
    case 'exited': {
      if (stop) return stopped(stop.reason);
      const { exitCode } = container;
      if (exitCode === 0) return { code: 0, message: '' };
      // cgroups report an OOM kill inside the container even if the container went on. With a failing exit, it is the
      // cause.
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

/** What a container engine reports when it cannot run a command, and the most likely cause. */
const hints: readonly [said: RegExp, hint: string][] = [
  [
    /exec format error$/i,
    'The program is for another architecture (`docker build --platform linux/amd64`), or a script without a first line such as #!/bin/sh.',
  ],
  [
    /^exec [^:]+: no such file or directory$/,
    'The file exists, but the interpreter in its first line does not, as with Windows line ends (CRLF) or in an image without that shell; or the program needs another C library.',
  ],
  [/^exec: .*: no such file or directory$/, 'The image has no such file.'],
  [/not found in \$PATH$/, 'The image has no program of that name.'],
  [/^exec: .*: permission denied$/, 'It is a directory, or a file that is not executable (chmod +x).'],
];

const failedToStart = 'Application failed to start';

/** The message of a container that failed to start, in Cloud Run's wording where that is known. */
function startFailure(error: string): string {
  const [, hint] = hints.find(([said]) => said.test(error)) ?? [];
  return `${failedToStart}: ${error || 'no reason given'}${hint ? `. ${hint}` : ''}`;
}

/** Whether an attempt failed to start, so that none of the application ran. */
export const isStartFailure = ({ message }: AttemptOutcome): boolean => message.startsWith(failedToStart);

/**
 * What container runtimes write, and nothing else, when a program of the image cannot be executed. They find out only
 * once the container is running, and then exit with one of `exitCodes` (docker before 23, and since).
 */
const inability =
  /^(?:standard_init_linux\.go:\d+: )?(exec (?:user process caused: )?(?:[^:]+: )?(?:exec format error|no such file or directory|permission denied))$/;
const exitCodes: readonly number[] = [1, 255];

/** Why the command of a container could not be executed, if that is what happened. `written` returns all its output. */
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
