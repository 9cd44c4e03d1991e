import type { Control } from '../engine/engine.js';
import { discard } from '../engine/leftovers.js';
import { runExecution } from '../engine/run.js';
import { type Credentials, GcloudCredentials } from '../local/credentials.js';
import { isLocal, type RuntimeIdentity } from '../model/runtime-identity.js';
import { type Problem, StatusError } from '../model/errors.js';
import type { ExecutionEvent, OnEvent } from '../model/events.js';
import { isCompleted } from '../model/execution.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import { type PublishedPort, shownPort } from '../model/local/one-run.js';
import type { LocalSettings } from '../model/local/settings.js';
import { jobName, nearest, parseName, shortName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import type { AttemptRuntime, Capabilities } from '../runtime/port.js';
import type { Owner } from '../model/lease.js';
import { expireLogs, finishDeletions, type LogRetention, pruneExecutions } from './retention.js';
import { requireSameEngine } from './engine-mismatch.js';
import { waitForExecution } from './executions.js';
import { leaseHolder } from './leases.js';
import { LogFollower, type Reader, type TaskLine } from './logs.js';
import { clusterOf, type Runtimes } from './runtimes.js';
import { type Call, type Service, timeOf } from './service.js';
import { watchRun } from './watch-run.js';

export { type Control, GcloudCredentials };

/** What a process needs in order to run executions itself. */
export interface ExecutionRunner extends Service {
  runtime: Runtimes;
  home: string;
  credentials: Credentials;
  maxParallelism: number;
  /** Whether a cluster worker runs all executions, and not this process. */
  elsewhere?: true | undefined;
  logRetention: LogRetention;
  owner: Owner;
}

/** What this process does as the runner of executions for a call. */
export type RunnerCall = Call & ExecutionRunner;

/** After how long `onSlow` is called while the runtime does not answer, in ms. */
const slowAfter = 5000;

/** Learns that a runtime takes long to answer, and whether it is a cluster. */
export type OnSlow = (cluster: boolean) => void;

/** What an execution gets: the settings for it, and what its runtime can do. */
export interface Surroundings {
  settings: LocalSettings;
  capabilities: Capabilities;
}

/**
 * Makes sure that the runtime answers, and that this machine has what settings ask for. Returns the settings with the
 * cluster that they choose: its context and namespace, as they are now.
 * @param onSlow called once if the runtime takes long to answer
 * @throws StatusError
 */
export async function requireSurroundings(
  { runtime: open, credentials }: ExecutionRunner,
  settings: LocalSettings,
  onSlow: OnSlow,
): Promise<Surroundings> {
  const timer = setTimeout(onSlow, slowAfter, settings.runtime !== undefined);
  try {
    const runtime = await open(settings.runtime);
    const capabilities = await runtime.capabilities();
    const { network } = settings;
    if (network !== undefined && !capabilities.lacks.hostNetworks) await requireNetwork(runtime, network);
    if (settings.publish && !capabilities.lacks.publishedPorts) await requirePorts(runtime, settings.publish);
    // Those of another machine are refused with what else its job lacks.
    if (settings.credentials && !settings.forwarded) credentials.require();
    return { settings: await resolved(settings, runtime), capabilities };
  } finally {
    clearTimeout(timer);
  }
}

async function resolved(settings: LocalSettings, runtime: AttemptRuntime): Promise<LocalSettings> {
  if (!settings.runtime) return settings;
  const identity = await runtime.identify();
  if (identity.client !== 'kubernetes') return settings;
  const { context, namespace } = identity;
  return { ...settings, runtime: { ...settings.runtime, context, namespace } };
}

async function requireNetwork(runtime: AttemptRuntime, network: string): Promise<void> {
  const networks = await runtime.networks();
  if (networks.includes(network)) return;
  const near = nearest(network, networks);
  throw new StatusError('NOT_FOUND', `The container engine has no network [${network}] that a job could join.`, {
    fix: near ? `did you mean ${near}?` : `its networks are ${networks.join(', ')}`,
  });
}

/** @throws StatusError FAILED_PRECONDITION for ports that are taken; those of an engine elsewhere are not known */
async function requirePorts(runtime: AttemptRuntime, ports: readonly PublishedPort[]): Promise<void> {
  if (!isLocal(await runtime.identify())) return;
  const { portProblem } = await import('../local/ports.js');
  const problems = await Promise.all(
    ports.map(async (port): Promise<Problem[]> => {
      const why = await portProblem(port);
      return why === undefined ? [] : [{ path: 'publish', message: `${shownPort(port)}: ${why}`, severity: 'error' }];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new StatusError('FAILED_PRECONDITION', 'This machine cannot open the ports:', {
    problems: problems.flat(),
    fix: 'choose another port of this machine, or give only the port of the container to get a free one',
  });
}

/** An execution whose kept containers are on another container engine than the one that answers. */
interface Unreachable {
  name: string;
  engine: RuntimeIdentity;
}

/**
 * Removes the containers that executions have kept, and returns the executions whose containers it cannot reach.
 * @throws StatusError if no container engine answers
 */
export async function discardKept(
  { runtime: open, home }: ExecutionRunner,
  executions: readonly KeepingExecution[],
): Promise<Unreachable[]> {
  const unreachable: Unreachable[] = [];
  for (const execution of executions) {
    const engine = await discard(await open(execution.runtime), home, execution);
    if (engine) unreachable.push({ name: execution.name, engine });
  }
  return unreachable;
}

/** Runs an execution to its end in this process. Undefined if another process runs it or resumes it in the meantime. */
export async function runHere(
  runner: ExecutionRunner,
  name: string,
  control: Control,
  onEvent: OnEvent,
): Promise<Execution | undefined> {
  const runtime = await runner.runtime(clusterOf(runner, name));
  const ended = await runExecution(name, { ...runner, runtime, onEvent }, control);
  if (ended) {
    pruneExecutions(runner, jobName(parseName(name), ended.job));
    expireLogs(runner, runner.logRetention, name);
    finishDeletions(runner);
  }
  return ended;
}

/** Shows a run in this process. */
export interface RunView {
  onEvent: OnEvent;
  onLines: (lines: readonly TaskLine[]) => void;
  /** Reads the lines: while it is busy, they stay in the log files. */
  reader: Reader;
  /** Another process has resumed the execution, and this one waits for its end. */
  onTakenOver: () => void;
}

/**
 * Runs an execution to its end in this process, or waits for its end if another process resumes it, and shows it. If a
 * cluster worker runs executions, that one does.
 * @throws StatusError INTERNAL or UNAVAILABLE if the container engine fails: another process can resume the execution
 */
export async function runAndFollow(
  call: RunnerCall,
  execution: Execution,
  control: Control,
  view: RunView,
): Promise<Execution> {
  const { name } = execution;
  const follower = new LogFollower(call.logs, execution, view.onLines, view.reader);
  const onEvent = (event: ExecutionEvent): void => {
    follower.onEvent(event);
    view.onEvent(event);
  };
  try {
    if (call.elsewhere) {
      handOver(call, name);
      return await watchRun(call, execution, control, onEvent);
    }
    const ended = await runHere(call, name, control, onEvent);
    if (ended) return ended;
  } finally {
    await follower.close();
  }
  view.onTakenOver();
  return waitForExecution(call, name, isCompleted, {
    onChange: () => void (control.cancel.aborted && call.store.requestCancel(name, timeOf(call))),
  });
}

/** Hands an execution that this process runs over to a worker. */
export function handOver(runner: ExecutionRunner, execution: string): void {
  runner.store.releaseLease(execution, runner.owner.token);
  runner.spawnWorker(execution);
}

/**
 * Makes sure that this process can resume an orphaned execution.
 * @param onSlow see `requireSurroundings`
 * @throws StatusError FAILED_PRECONDITION if it has ended, if a process runs it, or if it began on another container
 * engine than the one that answers; as `requireSurroundings`
 */
export async function requireOrphan(runner: ExecutionRunner, execution: Execution, onSlow: OnSlow): Promise<void> {
  const { name } = execution;
  const id = shortName(name);
  if (isCompleted(execution)) {
    throw new StatusError('FAILED_PRECONDITION', `Execution [${id}] has ended.`, {
      fix: [{ command: 'jobs executions describe', resource: name }],
    });
  }
  const holder = leaseHolder(runner, name);
  if (holder) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Execution [${id}] is run by process ${holder.pid}, which is at work.`,
      {
        fix: [{ command: 'jobs executions wait', resource: name }],
      },
    );
  }
  await requireSameEngine(runner, name);
  // Its own sandbox may hold the ports.
  const settings = { ...runner.store.settings(name), publish: undefined, runtime: clusterOf(runner, name) };
  await requireSurroundings(runner, settings, onSlow);
}
