import type { Command } from 'commander';
import { Interrupted, RunError } from '../model/errors.js';
import { completionStatus, conditionOf, isCompleted, startedAt } from '../model/execution.js';
import { commandFor, parseName, shortName } from '../model/names.js';
import type { Execution, Job } from '../model/schema/job.js';
import { requireSurroundings } from '../service/host.js';
import { getExecution, waitForExecution } from '../service/executions.js';
import { waitForJob } from '../service/jobs.js';
import { EntryTail } from '../service/log-entries.js';
import { runJob, type RunJobRequest } from '../service/run.js';
import type { ServiceDeps } from '../service/service.js';
import { executeHint, lending, warnOfInertFields, warnOfLoan } from './apply.js';
import type { CommonOptions } from './command.js';
import type { Context } from './context.js';
import type { Output } from './io.js';
import { booleanFlag } from './job-flags/boolean.js';
import { tellSettings } from './local-flags.js';
import { tailEntries } from './log-command.js';
import { print } from './render/format.js';
import { executionKind } from './render/format/resources.js';
import { tellKept } from './render/kept.js';
import { tracked } from './render/tracker.js';

/** What a command does after it has written a job. */
export interface AfterwardsFlags {
  async?: boolean;
  executeNow?: boolean;
  wait?: boolean;
}

export function declareAfterwardsFlags(command: Command): Command {
  booleanFlag(command, '--async', 'do not wait until the job is ready');
  booleanFlag(command, '--execute-now', 'run the job once it is ready, and wait until that has started');
  return booleanFlag(command, '--wait', 'the same, and wait until the execution has ended; exit 1 if it failed');
}

const started = (execution: Execution): boolean => isCompleted(execution) || startedAt(execution) !== undefined;

/** Where to look an execution up. */
const detailsHint = ({ defaults }: Context, name: string): string =>
  `\nView details about this execution by running:\n${commandFor('jobs executions describe', name, defaults)}\n`;

/**
 * Runs a job in the background, and waits until its execution has started, or ended. Ctrl-C ends the waiting only.
 * @param lines where to show what the tasks write meanwhile
 * @throws RunError if the execution has failed by then
 */
export async function startExecution(
  context: Context,
  request: RunJobRequest,
  until: 'created' | 'started' | 'ended',
  lines?: Output,
): Promise<Execution> {
  const host = await context.host();
  const { settings = host.settings } = request;
  await requireSurroundings(host, settings);
  const created = lending(context, request, () => runJob(host, request));
  warnOfInertFields(context, host, request.name);
  warnOfLoan(context, host, created, request);
  tellSettings(context, settings);
  host.spawnWorker(created.name);
  return until === 'created' ? created : awaitedExecution(context, host, created.name, until, lines);
}

/**
 * Waits until an execution that other processes run has started, or ended. Ctrl-C ends the waiting only.
 * @param lines see `startExecution`
 * @throws RunError if the execution has failed by then
 */
export async function awaitedExecution(
  context: Context,
  service: ServiceDeps,
  name: string,
  until: 'started' | 'ended',
  lines?: Output,
): Promise<Execution> {
  const execution = shortName(name);
  const { io } = context;
  const gone = new AbortController();
  const ignore = io.onSignal((signal) => gone.abort(new Interrupted(signal)));
  const what = `${until === 'ended' ? 'Running' : 'Starting'} execution [${execution}]`;
  const wait = (tell?: (words: string) => void): Promise<Execution> =>
    waitForExecution(service, name, until === 'ended' ? isCompleted : started, {
      signal: gone.signal,
      onChange: ({ succeededCount = 0, taskCount }) => tell?.(`${succeededCount} / ${taskCount} complete`),
    });
  if (lines) io.err.write(`${what}...\n`);
  const waiting = lines ? tailed(context, service, name, lines, wait()) : tracked(context, what, wait);
  const seen = await waiting.finally(() => {
    ignore();
    // Not before: what is shown meanwhile is below the last line.
    if (!gone.signal.aborted) return;
    const cancel = commandFor('jobs executions cancel', name, context.defaults);
    io.err.write(`Execution [${execution}] goes on. To cancel it: ${cancel}\n`);
  });
  if (isCompleted(seen)) tellKept(context, service, seen);
  if (isCompleted(seen) && completionStatus(seen) !== 'EXECUTION_SUCCEEDED') {
    const message = conditionOf(seen, 'Completed')?.message ?? '';
    throw new RunError('UNKNOWN', `The execution failed. ${message}${detailsHint(context, name)}`);
  }
  return seen;
}

/** What comes of waiting for an execution, whose log entries are shown meanwhile. */
async function tailed(
  context: Context,
  service: ServiceDeps,
  name: string,
  lines: Output,
  wait: Promise<Execution>,
): Promise<Execution> {
  const parent = parseName(name);
  const tailing = new EntryTail(service, {});
  let over = false;
  const look = () => {
    const last = over;
    const entries = tailing.look([getExecution(service, parent, shortName(name))]);
    return { entries, behind: tailing.behind, over: last };
  };
  const waiting = wait.finally(() => (over = true));
  const [seen] = await Promise.all([waiting, tailEntries(context, {}, look, lines)]);
  return seen;
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

/** A job once it is ready. @throws RunError if it turns out not to become that */
export async function readyJob(service: ServiceDeps, name: string): Promise<Job> {
  const job = await waitForJob(service, name);
  const { state, message } = job.terminalCondition ?? {};
  if (state === 'CONDITION_FAILED') throw new RunError('UNKNOWN', message ?? 'The job is not ready.');
  return job;
}

/**
 * What is left to do after a job was written: wait until it is ready, run it if the flags say so, and say what was
 * done. `done` is `created`, `updated` or `deployed`.
 */
export async function afterwards(
  context: Context,
  service: ServiceDeps,
  written: Job,
  done: string,
  { async, executeNow, wait }: AfterwardsFlags,
): Promise<Job> {
  const { name } = written;
  const job = shortName(name);
  const say = (text: string): void => context.io.err.write(text);
  if (async) {
    say(`Job [${job}] is being ${done} asynchronously.\n`);
    return written;
  }
  const ready = await readyJob(service, name);
  if (!executeNow && !wait) {
    say(`Job [${job}] has successfully been ${done}.\n${executeHint(context, name)}`);
    return ready;
  }
  const execution = (await startExecution(context, { name }, wait ? 'ended' : 'started')).name;
  const what = wait ? 'completed' : 'started running';
  say(`Job [${job}] has successfully been ${done} and ${what} execution [${shortName(execution)}].\n`);
  say(`${detailsHint(context, execution)}${executeHint(context, name, true)}`);
  return ready;
}
