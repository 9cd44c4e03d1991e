import { executionName, jobName } from '../../model/names.js';
import type { Task } from '../../model/schema/job.js';
import type { TaskState } from '../../model/task.js';
import { type ResourceV1, taskToV1 } from '../../model/v1/write.js';
import { executionsNamed } from '../../service/executions.js';
import { getTask, listTasks, type TaskView } from '../../service/tasks.js';
import { withPages } from '../log-uri.js';
import type { ServerCall } from '../methods/method.js';
import { executionLabel, listOf, selectorOf, stateLabel } from './listing.js';
import { ListQuery, NoQuery, type V1Method } from './method.js';

/** The states that a task has in v1, and ours. */
const states: Readonly<Record<string, readonly TaskState[]>> = {
  Pending: ['Pending', 'Scheduled'],
  Running: ['Running'],
  Succeeded: ['Succeeded'],
  Failed: ['Failed'],
  Cancelled: ['Cancelled'],
  Abandoned: ['Abandoned'],
};

const taskV1 = ({ address }: ServerCall, { task, record }: TaskView): ResourceV1 =>
  taskToV1(withPages(address, task) as Task, record.state);

export const tasks: readonly V1Method[] = [
  {
    ...{ verb: 'GET', path: 'tasks', query: ListQuery },
    handle({ call, parent: { project }, region, query }) {
      const selector = selectorOf(query);
      const any = jobName({ project, location: region ?? '-' }, '-');
      const [wanted, ...others] = selector.valuesOf(executionLabel) ?? [];
      const execution =
        wanted !== undefined && others.length === 0
          ? executionsNamed(call, { project, location: region }, wanted)[0]
          : undefined;
      const inStates = selector.valuesOf(stateLabel)?.flatMap((state) => states[state] ?? []);
      const nothing = (wanted !== undefined && others.length === 0 && !execution) || inStates?.length === 0;
      const parent = execution?.name ?? executionName(any, '-');
      return listOf(
        'Task',
        query,
        selector,
        (page) => (nothing ? { items: [] } : listTasks(call, { parent, states: inStates, ...page })),
        (view) => ({ resource: taskV1(call, view) }),
      );
    },
  },
  {
    ...{ verb: 'GET', path: 'tasks/*', query: NoQuery },
    handle: ({ call, parent, id }) => taskV1(call, getTask(call, parent, id)),
  },
];
