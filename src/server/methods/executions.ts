import { parseName, shortName } from '../../model/names.js';
import { type Execution, ExecutionMessage } from '../../model/schema/job.js';
import { OperationMessage } from '../../model/schema/operation.js';
import {
  CancelExecutionRequest,
  DeleteExecutionRequest,
  GetExecutionRequest,
  ListExecutionsRequest,
  ListExecutionsResponse,
} from '../../model/schema/requests.js';
import { cancelExecution, getExecution, listExecutions, startExecutionDeletion } from '../../service/executions.js';
import { notFound } from '../../service/service.js';
import { type Method, method, type ServerCall } from './method.js';
import { nameIn } from './names.js';
import { execution, operating } from './operating.js';

const service = 'google.cloud.run.v2.Executions';

/** The execution of a full name; its job may be `-`. @throws StatusError NOT_FOUND */
export function executionNamed(call: ServerCall, name: string): Execution {
  const { job, ...parent } = parseName(name);
  const found = getExecution(call, parent, shortName(name));
  if (job !== '-' && found.name !== name) throw notFound(call, name);
  return found;
}

export const executions: readonly Method[] = [
  method({
    ...{ service, rpc: 'GetExecution', pure: true, request: GetExecutionRequest, response: ExecutionMessage },
    http: { verb: 'GET', path: '/v2/{name=projects/*/locations/*/jobs/*/executions/*}' },
    handle: (call, { name = '' }) => executionNamed(call, nameIn(call, name, ['jobs', 'executions'])),
  }),
  method({
    ...{ service, rpc: 'ListExecutions', request: ListExecutionsRequest, response: ListExecutionsResponse },
    http: { verb: 'GET', path: '/v2/{parent=projects/*/locations/*/jobs/*}/executions' },
    handle(call, { parent = '', ...page }) {
      const { items, nextPageToken } = listExecutions(call, {
        parent: nameIn(call, parent, ['jobs'], 'anywhere'),
        ...page,
      });
      return { executions: items, nextPageToken };
    },
  }),
  method({
    ...{ service, rpc: 'DeleteExecution', request: DeleteExecutionRequest, response: OperationMessage },
    http: { verb: 'DELETE', path: '/v2/{name=projects/*/locations/*/jobs/*/executions/*}' },
    handle(call, { name: given = '', validateOnly, etag }) {
      const name = nameIn(call, given, ['jobs', 'executions']);
      return operating(call, parseName(name), validateOnly, (operation) =>
        execution(startExecutionDeletion(call, { name, validateOnly, etag, operation })),
      );
    },
  }),
  method({
    ...{ service, rpc: 'CancelExecution', request: CancelExecutionRequest, response: OperationMessage },
    http: { verb: 'POST', path: '/v2/{name=projects/*/locations/*/jobs/*/executions/*}:cancel', body: '*' },
    handle(call, { name: given = '', validateOnly, etag }) {
      const name = nameIn(call, given, ['jobs', 'executions']);
      return operating(call, parseName(name), validateOnly, async (operation) =>
        execution(await cancelExecution(call, { name, validateOnly, etag, operation })),
      );
    },
  }),
];
