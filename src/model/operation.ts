import { type Code, codes } from './errors.js';
import { completionStatus, conditionOf, isCompleted } from './execution.js';
import { type Parent, parentName } from './names.js';
import type { Execution, Job } from './schema/job.js';
import type { Operation } from './schema/operation.js';

/** What the request of an operation asked for. */
export const operationMethods = ['create', 'update', 'delete', 'run', 'cancel'] as const;
export type OperationMethod = (typeof operationMethods)[number];

export const operationName = (parent: Parent, id: string): string => `${parentName(parent)}/operations/${id}`;

/** The project and location of an operation's name; undefined for a text that is none. */
export function parseOperationName(name: string): Parent | undefined {
  const [, project, location] = /^projects\/([^/]+)\/locations\/([^/]+)\/operations\/[^/]+$/.exec(name) ?? [];
  return project !== undefined && location !== undefined ? { project, location } : undefined;
}

/** The resource of an operation, as it is now, or as it was when it was deleted. */
export type OperationResource = { kind: 'job'; job: Job } | { kind: 'execution'; execution: Execution };

/** An operation of a request that only validates: it has ended, and is never stored. */
export function validatedOperation(name: string, resource: OperationResource): Operation {
  const any = anyOf(resource);
  return { name, metadata: any, done: true, response: any };
}

const anyOf = (resource: OperationResource): NonNullable<Operation['metadata']> => ({
  '@type': `type.googleapis.com/${typeOf[resource.kind]}`,
  ...(resource.kind === 'job' ? resource.job : resource.execution),
});

const typeOf = { job: 'google.cloud.run.v2.Job', execution: 'google.cloud.run.v2.Execution' };

/**
 * An operation, whose state follows from its resource: the run of a job ends with its execution, and a write of a job
 * once the job is reconciled.
 */
export function operationOf(
  name: string,
  method: OperationMethod,
  resource: OperationResource,
  deleted: boolean,
): Operation {
  const any = anyOf(resource);
  if (!deleted && (method === 'delete' || !hasSettled(resource))) return { name, metadata: any };
  const failure = deleted && method === 'delete' ? undefined : failureOf(method, resource);
  return { name, metadata: any, done: true, ...(failure ? { error: failure } : { response: any }) };
}

const hasSettled = (resource: OperationResource): boolean =>
  resource.kind === 'job' ? !resource.job.reconciling : isCompleted(resource.execution);

/** Why an operation has failed. The run of an execution that was cancelled has not (observed), nor has a cancellation. */
function failureOf(method: OperationMethod, resource: OperationResource): Operation['error'] {
  if (resource.kind === 'job') {
    const { state, message } = resource.job.terminalCondition ?? {};
    return state === 'CONDITION_FAILED' && resource.job.deleteTime === undefined
      ? { code: codes.ABORTED, message: message ?? '' }
      : undefined;
  }
  if (method !== 'run' || completionStatus(resource.execution) !== 'EXECUTION_FAILED') return undefined;
  const { message = '' } = conditionOf(resource.execution, 'Completed') ?? {};
  return { code: codes[codeOf(message)], message };
}

/** The code of a failed execution, which its message tells (4 and 10 observed). */
function codeOf(message: string): Code {
  if (message.endsWith('The configured timeout was reached.')) return 'DEADLINE_EXCEEDED';
  return message.endsWith('The configured memory limit was reached.') ? 'RESOURCE_EXHAUSTED' : 'ABORTED';
}
