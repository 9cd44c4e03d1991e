import type { Execution, Task } from '../model/schema/job.js';
import { type TaskRecord, taskResource, type TaskState } from '../model/task.js';
import type { ServiceDeps } from './service.js';

/** A task with the state that gcloud shows, which the v2 resource has in its conditions only. */
export interface TaskView {
  task: Task;
  record: TaskRecord;
}

/** The tasks of an execution by index, all or those in some states. */
export function listTasks(deps: ServiceDeps, execution: Execution, states?: readonly TaskState[]): TaskView[] {
  return deps.store.tasks(execution.name, states).map((record) => ({ record, task: taskResource(execution, record) }));
}
