import { commandLine, ExecutionFailed, Interrupted } from '../errors.js';
import { completionStatus, conditionOf, isCompleted, startedAt } from '../../model/execution.js';
import type { LogEntry } from '../../model/log-entry.js';
import { shortName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { executeJob, followExecution } from '../../service/background-run.js';
import type { RunJobRequest } from '../../service/run-job.js';
import type { Call } from '../../service/service.js';
import { openPorts } from '../../service/tasks.js';
import { reportIgnoredFields, warnAboutValues, withPlaces } from './described-job.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from './context.js';
import type { Output } from '../io.js';
import { reportSettings } from '../flags/local.js';
import { publishedLine } from '../output/local-settings.js';
import { printArriving } from '../output/log-entries.js';
import { print } from '../output/print.js';
import { executionKind } from '../output/resource-kinds.js';
import { reportKeptContainers } from '../output/leftovers.js';
import { ending, failureSentence } from '../output/run-summary.js';
import { isLive } from '../output/live/painter.js';
import { reportSlowEngine, type Steps, stepped, tracked } from '../output/live/steps.js';

/** The command that shows an execution, as gcloud suggests it. */
export const detailsHint = ({ defaults }: Context, name: string): string =>
  `\nView details about this execution by running:\n${commandLine({ command: 'jobs executions describe', resource: name }, defaults)}\n`;

/** Runs a job in the background. */
export async function startExecution(context: Context, request: RunJobRequest): Promise<Execution> {
  const runner = await context.runner();
  try {
    const created = await executeJob(runner, request, (cluster) => reportSlowEngine(context, cluster));
    reportIgnoredFields(context, runner, request.name);
    warnAboutValues(context, runner, created, request);
    reportSettings(context, runner.store.settings(created.name));
    return created;
  } catch (error) {
    throw withPlaces(error, request);
  }
}

type OnCreated = (execution: Execution) => void;

/** The steps of an execution, in gcloud's words. */
const steps = ['Provisioning resources', 'Starting execution', 'Running execution'];

/** The current step of an execution. */
function stepOf(execution: Execution): number {
  if (startedAt(execution) !== undefined) return 2;
  return conditionOf(execution, 'ResourcesAvailable')?.state === 'CONDITION_SUCCEEDED' ? 1 : 0;
}

/**
 * Runs a job in the background, and waits until its execution has started, or ended. Ctrl-C ends only the waiting.
 * @param words the words that report it
 * @param before work to do first
 * @param lines the output for the log entries that arrive meanwhile
 * @param onCreated learns the execution as soon as there is one
 * @throws ExecutionFailed if the execution has failed by then
 */
export function runAndWait(
  context: Context,
  request: RunJobRequest,
  until: 'started' | 'ended',
  words: Omit<Steps, 'steps'>,
  { before, lines, onCreated }: { before?: () => Promise<void>; lines?: Output; onCreated?: OnCreated } = {},
): Promise<Execution> {
  const shown = lines ? [] : until === 'ended' ? steps : steps.slice(0, 1);
  return interruptible(context, (signal, begun) =>
    stepped(context, { ...words, steps: shown }, async (at) => {
      await before?.();
      const runner = await context.runner();
      const created = await startExecution(context, request);
      const { name } = created;
      begun(name);
      onCreated?.(created);
      if (lines) context.io.err.write(`Running execution [${shortName(name)}]...\n`);
      const ports = portsReport(context, runner, name, shown.length > 0);
      const onChange = (execution: Execution): void => {
        const step = stepOf(execution);
        const words = step === 2 ? [complete(execution), ...ports()].join(', ') : undefined;
        if (shown.length > 0) at(Math.min(step, shown.length - 1), words);
      };
      const onEntries = lines && ((entries: readonly LogEntry[]) => printArriving(context, {}, entries, lines));
      const seen = await followExecution(runner, name, until, { signal, onChange, onEntries });
      return succeeded(context, runner, seen, until);
    }),
  );
}

/** Where the published ports of running tasks are. Where no spinner shows them, each is printed once. */
function portsReport({ io: { err, env } }: Context, service: Call, name: string, steps: boolean): () => string[] {
  const told = new Set<string>();
  return () => {
    const lines = openPorts(service, name).flatMap(({ task, published }) =>
      published ? publishedLine(task, published) : [],
    );
    const unknown = lines.filter((line) => !told.has(line));
    for (const line of unknown) told.add(line);
    if (unknown.length > 0 && !(steps && err.tty && !env['CI'])) err.write(`\n${unknown.join('\n')}\n`);
    return lines;
  };
}

/**
 * Waits until an execution of another process has ended. Ctrl-C ends only the waiting.
 * @throws ExecutionFailed if the execution has failed
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

/** Runs work that a signal ends. If an execution has `begun`, reports that it continues. */
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
      io.err.write(`Execution [${shortName(name)}] continues. To cancel it: ${cancel}\n`);
    }
    throw error;
  } finally {
    ignore();
  }
}

/** @throws ExecutionFailed if the execution has failed; after a wait for its start, only if it never started */
function succeeded(context: Context, service: Call, seen: Execution, until: 'started' | 'ended'): Execution {
  if (!isCompleted(seen)) return seen;
  reportKeptContainers(context, service, seen);
  const enough = until === 'started' && startedAt(seen) !== undefined;
  if (enough || completionStatus(seen) === 'EXECUTION_SUCCEEDED') return seen;
  const message = `The execution failed. ${failureSentence(service, seen)}${detailsHint(context, seen.name)}`;
  throw new ExecutionFailed(message, isLive(context.io) ? ending(context, service, seen) : '');
}

/** Reports the state of an execution, and prints it in the format of `--format`. */
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
  if (until === 'ended') await showEnd(context, seen);
}

/** Shows on a terminal how an execution ended that the command has waited for, as `jobs run` does. */
export async function showEnd(context: Context, execution: Execution): Promise<void> {
  if (isLive(context.io)) context.io.err.write(`\n${ending(context, await context.service(), execution)}`);
}
