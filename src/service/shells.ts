import { endingOf } from '../model/attempt.js';
import type { AttemptRecord } from '../model/attempt.js';
import { codes, StatusError, suggest } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { isKept, keptAttempts } from '../model/kept-containers.js';
import { jobName, nearest, type Parent, parseName, shortName, taskName } from '../model/names.js';
import { endpointOf, wayTo } from '../model/runtime-identity.js';
import type { Execution } from '../model/schema/job.js';
import { containerLabel, mainContainer } from '../model/task-containers.js';
import { formatIndexes, taskIndexes } from '../model/task-selection.js';
import type { Shell, ShellRequest } from '../runtime/port.js';
import { authorize } from './authorization.js';
import type { RunnerCall } from './execution-runner.js';
import { getExecution } from './executions.js';
import { clusterOf } from './runtimes.js';

/** Which container to open a shell in. */
export interface ShellTarget extends Pick<ShellRequest, 'command' | 'tty' | 'toolbox' | 'onPull' | 'signal'> {
  parent: Parent;
  /** The id of an execution; the only one that runs if unset. */
  execution?: string | undefined;
  /** The only one that runs, or has been kept, if unset. */
  task?: number | undefined;
  /** The last one if unset. */
  attempt?: number | undefined;
  /** The name of a container; the main one if unset. */
  container?: string | undefined;
}

/** A shell, and what it is in. */
export interface OpenedShell {
  shell: Shell;
  execution: Execution;
  attempt: AttemptRecord;
  /** The name of the container. */
  container: string;
}

/**
 * Opens a shell in a container of an attempt that runs, or whose containers are kept.
 * @throws StatusError NOT_FOUND for what does not exist; INVALID_ARGUMENT if the target is not clear; FAILED_PRECONDITION
 * for an attempt that has not started, or has left nothing, or is in another runtime than the one that answers; UNIMPLEMENTED
 * for a cluster
 */
export async function openShell(call: RunnerCall, target: ShellTarget): Promise<OpenedShell> {
  const execution = executionOf(call, target);
  const { name, template } = execution;
  authorize(call, 'run.jobs.runWithOverrides', jobName(parseName(name), execution.job));
  const attempt = attemptOf(call, execution, target);
  const containers = template.containers.map(containerLabel);
  const main = mainContainer(template.containers);
  const container = target.container === undefined ? main : containers.indexOf(target.container);
  if (container < 0) {
    const near = nearest(target.container ?? '', containers);
    throw new StatusError('NOT_FOUND', `A task of job [${execution.job}] has no container [${target.container}].`, {
      fix: near ? `did you mean ${near}?` : `its containers are ${containers.join(', ')}`,
    });
  }
  const settings = call.store.settings(name);
  const runtime = await call.runtime(clusterOf(call, name));
  const began = call.store.engine(name);
  const asked = await runtime.identify();
  if (began && began.id !== asked.id) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Execution [${shortName(name)}] is on another container engine (${endpointOf(began)}) than the one in use now (${endpointOf(asked)}).`,
      { fix: wayTo(began, asked) },
    );
  }
  const { task, handle } = attempt;
  const shell = await runtime.openShell({
    ...{
      home: call.home,
      execution: name,
      task,
      attempt: attempt.attempt,
      handle,
      containers,
      container,
      main,
      settings,
    },
    ...{
      command: target.command,
      tty: target.tty,
      toolbox: target.toolbox,
      onPull: target.onPull,
      signal: target.signal,
    },
  });
  if (typeof shell !== 'string') return { shell, execution, attempt, container: containers[container] ?? '' };
  const which = `Container ${containers[container]} of task ${task}, attempt ${attempt.attempt},`;
  if (attempt.outcome && shell === 'missing') {
    throw new StatusError('FAILED_PRECONDITION', `${which} is not in the container engine any longer.`, {
      fix: rerun(execution, attempt),
    });
  }
  throw new StatusError(
    'FAILED_PRECONDITION',
    `${which} ${attempt.outcome ? 'was never started' : 'has not started yet'}.`,
    {
      fix: attempt.outcome ? undefined : 'try again in a moment',
    },
  );
}

/** @throws StatusError */
function executionOf(call: RunnerCall, { parent, execution: id }: ShellTarget): Execution {
  if (id !== undefined) return getExecution(call, parent, id);
  const running = call.store.openExecutions(parent);
  const [only, ...others] = running.map((name) => shortName(name));
  if (only !== undefined && others.length === 0) return getExecution(call, parent, only);
  throw new StatusError(
    'INVALID_ARGUMENT',
    only === undefined
      ? 'No execution is running.'
      : `${running.length} executions are running: ${[only, ...others].slice(0, most).join(', ')}.`,
    { fix: ['name the execution: ', suggest('debug', 'EXECUTION')] },
  );
}

/** The most executions or tasks to name. */
const most = 10;

/** The attempt that a target means. @throws StatusError */
function attemptOf(call: RunnerCall, execution: Execution, target: ShellTarget): AttemptRecord {
  const { store } = call;
  const { name } = execution;
  const id = shortName(name);
  const indexes = taskIndexes(execution);
  const index = target.task ?? onlyTask(call, execution);
  if (!indexes.includes(index)) {
    throw new StatusError('NOT_FOUND', `Execution [${id}] has no task ${index}.`, {
      fix: indexes.length === 1 ? `it has one task, ${indexes[0]}` : `its tasks are ${formatIndexes(indexes)}`,
    });
  }
  const attempts = store.attempts(name, index);
  const found =
    target.attempt === undefined ? attempts.at(-1) : attempts.find(({ attempt }) => attempt === target.attempt);
  if (!found) {
    if (attempts.length > 0) {
      throw new StatusError('NOT_FOUND', `Task ${index} of execution [${id}] has no attempt ${target.attempt}.`, {
        fix: `its attempts are ${formatIndexes(attempts.map(({ attempt }) => attempt))}`,
      });
    }
    const ended = isCompleted(execution);
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Task ${index} of execution [${id}] ${ended ? 'never started' : 'has not started yet'}.`,
      {
        fix: [{ command: 'jobs executions tasks describe', resource: taskName(name, index) }],
      },
    );
  }
  if (!found.outcome || isKept(store.settings(name), found)) return found;
  const again = store.task(name, index)?.state === 'Pending' && target.attempt === undefined;
  throw new StatusError(
    'FAILED_PRECONDITION',
    again
      ? `Task ${index} of execution [${id}] waits for its next attempt.`
      : `Attempt ${found.attempt} of task ${index} of execution [${id}] has ended, and its containers were not kept.`,
    { fix: again ? 'try again in a moment' : rerun(execution, found) },
  );
}

/** How to get containers to look into: the same task once more. */
const rerun = (execution: Execution, { task, outcome }: AttemptRecord) => [
  {
    command: 'jobs run',
    resource: jobName(parseName(execution.name), execution.job),
    args: ['--task', String(task), outcome?.code === 0 ? '--keep' : '--keep-failed'],
  },
];

/** The task that can only be meant. @throws StatusError INVALID_ARGUMENT */
function onlyTask({ store }: RunnerCall, execution: Execution): number {
  const { name } = execution;
  const [first = 0, ...others] = taskIndexes(execution);
  if (others.length === 0) return first;
  const open = store.openAttempts(name);
  const candidates = new Set((open.length > 0 ? open : keptAttempts(store, name)).map(({ task }) => task));
  const [only] = candidates;
  if (only !== undefined && candidates.size === 1) return only;
  const tasks = [...candidates].slice(0, most);
  const what = open.length > 0 ? 'are running' : 'have kept containers';
  throw new StatusError(
    'INVALID_ARGUMENT',
    tasks.length > 0
      ? `Tasks ${formatIndexes(tasks)}${candidates.size > most ? ' and more' : ''} of execution [${shortName(name)}] ${what}.`
      : `Execution [${shortName(name)}] has ${execution.taskCount} tasks, of which none is running.`,
    { fix: ['name the task: ', { command: 'debug', resource: name, args: ['--task', String(tasks[0] ?? first)] }] },
  );
}

/** How long the result of an attempt may take after its containers have ended, in ms. */
const patience = 15_000;

/** How the attempt ended that a shell was in, to follow its name; undefined if that is not known soon. */
export async function endOf(call: RunnerCall, { execution, attempt }: OpenedShell): Promise<string | undefined> {
  for await (const _ of call.changes.watch({ signal: AbortSignal.timeout(patience) })) {
    const found = call.store.attempts(execution.name, attempt.task).find((other) => other.attempt === attempt.attempt);
    if (!found) return undefined;
    if (!found.outcome) continue;
    return found.outcome.code === 0
      ? 'succeeded'
      : found.outcome.code === codes.CANCELLED
        ? 'was cancelled'
        : endingOf(found.outcome, execution.template.timeout);
  }
  return undefined;
}
