import { completionStatus } from '../model/execution.js';
import { type MemoryNeed, memoryNeeds } from '../model/memory-need.js';
import type { Execution } from '../model/schema/job.js';
import { selectionOf } from '../model/task-selection.js';
import type { Service } from './service.js';

/** How the containers of an execution get by with their memory. Only a run of all tasks shows that less would do. */
export const memoryNeedsOf = ({ store }: Pick<Service, 'store'>, execution: Execution): MemoryNeed[] =>
  memoryNeeds(
    execution.template,
    store.usages(execution.name),
    completionStatus(execution) === 'EXECUTION_SUCCEEDED' && !selectionOf(execution),
  );
