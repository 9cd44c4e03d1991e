import { parseName, shortName } from '../../model/names.js';
import { TaskMessage } from '../../model/schema/job.js';
import { GetTaskRequest, ListTasksRequest, ListTasksResponse } from '../../model/schema/requests.js';
import { getTask, listTasks } from '../../service/tasks.js';
import { notFound } from '../../service/service.js';
import { type Method, method } from './method.js';
import { nameIn } from './names.js';

const service = 'google.cloud.run.v2.Tasks';

export const tasks: readonly Method[] = [
  method({
    ...{ service, rpc: 'GetTask', pure: true, request: GetTaskRequest, response: TaskMessage },
    http: { verb: 'GET', path: '/v2/{name=projects/*/locations/*/jobs/*/executions/*/tasks/*}' },
    handle(call, { name: given = '' }) {
      const name = nameIn(call, given, ['jobs', 'executions', 'tasks']);
      const { task } = getTask(call, parseName(name), shortName(name));
      if (task.name !== name) throw notFound(call, name);
      return task;
    },
  }),
  method({
    ...{ service, rpc: 'ListTasks', request: ListTasksRequest, response: ListTasksResponse },
    http: { verb: 'GET', path: '/v2/{parent=projects/*/locations/*/jobs/*/executions/*}/tasks' },
    handle(call, { parent: given = '', pageSize, pageToken }) {
      const parent = nameIn(call, given, ['jobs', 'executions'], 'anywhere');
      const { items, nextPageToken } = listTasks(call, { parent, pageSize, pageToken });
      return { tasks: items.map(({ task }) => task), nextPageToken };
    },
  }),
];
