import { operationName, type OperationResource, validatedOperation } from '../../model/operation.js';
import type { Parent } from '../../model/names.js';
import type { Execution, Job } from '../../model/schema/job.js';
import type { Operation } from '../../model/schema/operation.js';
import { startedOperation } from '../../service/operations.js';
import type { ServerCall } from './method.js';

export const job = (of: Job): OperationResource => ({ kind: 'job', job: of });
export const execution = (of: Execution): OperationResource => ({ kind: 'execution', execution: of });

/**
 * The operation of a request that changes something. `change` records it under the id that it gets; a request that only
 * validates leaves no record, and its operation has ended.
 */
export async function operating(
  call: ServerCall,
  parent: Parent,
  validateOnly: boolean | undefined,
  change: (operation: string) => OperationResource | Promise<OperationResource>,
): Promise<Operation> {
  const id = call.uuid();
  const changed = await change(id);
  const name = operationName(parent, id);
  return validateOnly ? validatedOperation(name, changed) : startedOperation(call, name);
}
