import { StatusError } from '../../model/errors.js';
import { commandLine, Interrupted } from '../errors.js';
import { completionStatus, conditionOf, isCompleted, startedAt } from '../../model/execution.js';
import type { LogEntry } from '../../model/log-entry.js';
import { parseName, shortName } from '../../model/names.js';
import type { Execution, Job } from '../../model/schema/job.js';
import { executeJob, followExecution } from '../../service/background-run.js';
import { getJob, waitForJob } from '../../service/jobs.js';
import type { RunJobRequest } from '../../service/run-job.js';
import type { Call } from '../../service/service.js';
import { executeHint, warnOfInertFields, warnOfLoan, withPlaces } from './described-job.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from './context.js';
import type { Output } from '../io.js';
import { tellSettings } from '../flags/local.js';
import { printComing } from '../output/log-entries.js';
import { print } from '../output/print.js';
import { executionKind } from '../output/resource-kinds.js';
import { tellKept } from '../output/kept-containers.js';
import { failureSentence } from '../output/run-summary.js';
import { type Steps, stepped, tracked } from '../output/live/steps.js';
import { tellSlowEngine } from './wait-for-engine.js';

/** What a command does after it has written a job. */
export interface AfterwardsFlags {
  async?: boolean;
  executeNow?: boolean;
  wait?: boolean;
}

/** Where to look an execution up. */
const detailsHint = ({ defaults }: Context, name: string): string =>
  `\nView details about this execution by running:\n${commandLine({ command: 'jobs executions describe', resource: name }, defaults)}\n`;

/** Runs a job in the background. */
export async function startExecution(context: Context, request: RunJobRequest): Promise<Execution> {
  const runner = await context.runner();
  const { settings = runner.settings } = request;
  try {
    const created = await executeJob(runner, request, () => tellSlowEngine(context));
    warnOfInertFields(context, runner, request.name);
    warnOfLoan(context, runner, created, request);
    tellSettings(context, settings);
    return created;
  } catch (error) {
    throw withPlaces(error, request);
  }
}

/** What an execution comes to, in gcloud's words. */
const steps = ['Provisioning resources', 'Starting execution', 'Running execution'];

/** Which of these an execution is at. */
function stepOf(execution: Execution): number {
  if (startedAt(execution) !== undefined) return 2;
  return conditionOf(execution, 'ResourcesAvailable')?.state === 'CONDITION_SUCCEEDED' ? 1 : 0;
}

/**
 * Runs a job in the background, and waits until its execution has started, or ended. Ctrl-C ends the waiting only.
 * @param words how it is told
 * @param before what is done first
 * @param lines where to show what the tasks write meanwhile
 * @throws StatusError if the execution has failed by then
 */
export function runAndWait(
  context: Context,
  request: RunJobRequest,
  until: 'started' | 'ended',
  words: Omit<Steps, 'steps'>,
  { before, lines }: { before?: () => Promise<void>; lines?: Output | undefined } = {},
): Promise<Execution> {
  const shown = lines ? [] : until === 'ended' ? steps : steps.slice(0, 1);
  return interruptible(context, (signal, begun) =>
    stepped(context, { ...words, steps: shown }, async (at) => {
      await before?.();
      const runner = await context.runner();
      const { name } = await startExecution(context, request);
      begun(name);
      if (lines) context.io.err.write(`Running execution [${shortName(name)}]...\n`);
      const onChange = (execution: Execution): void => {
        const step = stepOf(execution);
        if (shown.length > 0) at(Math.min(step, shown.length - 1), step === 2 ? complete(execution) : undefined);
      };
      const onEntries = lines && ((entries: readonly LogEntry[]) => printComing(context, {}, entries, lines));
      const seen = await followExecution(runner, name, until, { signal, onChange, onEntries });
      return succeeded(context, runner, seen, until);
    }),
  );
}

/**
 * Waits until an execution that other processes run has ended. Ctrl-C ends the waiting only.
 * @throws StatusError if it has failed
 */
export function awaitedExecution(context: Context, service: Call, name: string): Promise<Execution> {
  return interruptible(context, (signal, begun) => {
    begun(name);
    return tracked(context, `Running execution [${shortName(name)}]`, async (tell) => {
      const onChange = (execution: Execution): void => tell(complete(execution));
      const seen = await followExecution(service, name, 'ended', { signal, onChange });
      return succeeded(context, service, seen, 'ended');
    });
  });
}

const complete = ({ succeededCount = 0, taskCount }: Execution): string => `${succeededCount} / ${taskCount} complete`;

/** Work that a signal ends, but not the execution that has `begun`, which is said then. */
async function interruptible<T>(
  context: Context,
  work: (signal: AbortSignal, begun: (name: string) => void) => Promise<T>,
): Promise<T> {
  const { io, defaults } = context;
  const gone = new AbortController();
  const ignore = io.onSignal((signal) => gone.abort(new Interrupted(signal)));
  let name: string | undefined;
  try {
    return await work(gone.signal, (begun) => (name = begun));
  } catch (error) {
    if (error instanceof Interrupted && name !== undefined) {
      const cancel = commandLine({ command: 'jobs executions cancel', resource: name }, defaults);
      io.err.write(`Execution [${shortName(name)}] goes on. To cancel it: ${cancel}\n`);
    }
    throw error;
  } finally {
    ignore();
  }
}

/** @throws StatusError if an execution that was waited for has failed; one that was to start may fail later */
function succeeded(context: Context, service: Call, seen: Execution, until: 'started' | 'ended'): Execution {
  if (!isCompleted(seen)) return seen;
  tellKept(context, service, seen);
  const enough = until === 'started' && startedAt(seen) !== undefined;
  if (enough || completionStatus(seen) === 'EXECUTION_SUCCEEDED') return seen;
  const message = `The execution failed. ${failureSentence(service, seen)}`;
  throw new StatusError('UNKNOWN', message + detailsHint(context, seen.name));
}

/** Says what an execution has come to, and prints it as `--format` asks. */
export async function printSeen(
  context: Context,
  options: CommonOptions,
  seen: Execution,
  until: 'created' | 'started' | 'ended',
): Promise<void> {
  const execution = shortName(seen.name);
  const what = {
    created: 'is being started asynchronously',
    started: 'has successfully started running',
    ended: 'has successfully completed',
  };
  context.io.err.write(`Execution [${execution}] ${what[until]}.\n${detailsHint(context, seen.name)}`);
  await print(context, options, seen, { kind: executionKind });
}

/** A job once it is ready. @throws StatusError if it turns out not to become that */
export async function readyJob(service: Call, name: string): Promise<Job> {
  const job = await waitForJob(service, name);
  const { state, message } = job.terminalCondition ?? {};
  if (state === 'CONDITION_FAILED') throw new StatusError('UNKNOWN', message ?? 'The job is not ready.');
  return job;
}

/** How gcloud tells that a job is written. */
export interface Writing {
  /** Creating, Updating, Deploying container to */
  doing: string;
  /** What becomes of the job. */
  change: 'Creating' | 'Updating';
  /** created, updated, deployed */
  done: string;
}

const failure = 'Job failed to deploy';

/** Writes a job, and waits until it is ready unless that is not wanted. */
export async function written(
  context: Context,
  service: Call,
  name: string,
  { doing, change }: Pick<Writing, 'doing' | 'change'>,
  { async }: AfterwardsFlags,
  write: () => Job,
): Promise<Job> {
  announce(context, name, doing);
  if (async) return write();
  return stepped(context, { heading: `${change} job`, steps: [], failure }, async () => {
    write();
    return readyJob(service, name);
  });
}

/** Says what is about to be written. */
function announce({ io: { err } }: Context, name: string, doing: string): void {
  const { project, location } = parseName(name);
  const [job, of, region] = [shortName(name), project, location].map((word) => err.chalk.bold(word));
  err.write(`${doing} Cloud Run job [${job}] in project [${of}] region [${region}]\n`);
}

/** Writes a job, waits until it is ready, runs it if the flags say so, and says what was done. */
export async function writtenAndRun(
  context: Context,
  service: Call,
  name: string,
  writing: Writing,
  flags: AfterwardsFlags,
  write: () => Job,
): Promise<Job> {
  const { doing, change, done } = writing;
  const job = shortName(name);
  const say = (text: string): void => context.io.err.write(text);
  if (!flags.executeNow && !flags.wait) {
    const result = await written(context, service, name, writing, flags, write);
    const what = flags.async ? `is being ${done} asynchronously` : `has successfully been ${done}`;
    say(`Job [${job}] ${what}.\n${executeHint(context, name)}`);
    return result;
  }
  announce(context, name, doing);
  const words = { heading: `${change} and running job`, failure };
  const execution = await runAndWait(context, { name }, flags.wait ? 'ended' : 'started', words, {
    before: async () => {
      write();
      await readyJob(service, name);
    },
  });
  const what = flags.wait ? 'completed' : 'started running';
  say(`Job [${job}] has successfully been ${done} and ${what} execution [${shortName(execution.name)}].\n`);
  say(`${detailsHint(context, execution.name)}${executeHint(context, name, true)}`);
  return getJob(service, name);
}
