import { isCompleted } from '../../model/execution.js';
import { jobName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { readBody } from '../../model/spec/request-body.js';
import { executionToV1, type ResourceV1 } from '../../model/v1/write.js';
import { cancelExecution, getExecution, listExecutions, startExecutionDeletion } from '../../service/executions.js';
import { finishDeletions } from '../../service/retention.js';
import { withPages } from '../log-uri.js';
import type { ServerCall } from '../methods/method.js';
import { jobLabel, listOf, selectorOf } from './listing.js';
import { DeleteQuery, ListQuery, NoQuery, requireReal, success, type V1Method } from './method.js';

export const executionV1 = ({ address }: ServerCall, execution: Execution): ResourceV1 =>
  executionToV1(withPages(address, execution) as Execution);

/** gcloud asks by it for executions that a deletion would stop. */
const servingState = 'run.googleapis.com/servingState';

export const executions: readonly V1Method[] = [
  {
    ...{ verb: 'GET', path: 'executions', query: ListQuery },
    handle({ call, parent: { project }, region, query }) {
      const selector = selectorOf(query);
      const [job, ...others] = selector.valuesOf(jobLabel) ?? [];
      const parent = { project, location: region ?? '-' };
      const only = job && others.length === 0 && region !== undefined ? job : '-';
      return listOf(
        'Execution',
        query,
        selector,
        (page) => listExecutions(call, { parent: jobName(parent, only), ...page }),
        (execution) => ({
          resource: executionV1(call, execution),
          selectable: isCompleted(execution) ? {} : { [servingState]: 'Active' },
        }),
      );
    },
  },
  {
    ...{ verb: 'GET', path: 'executions/*', query: NoQuery },
    handle: ({ call, parent, id }) => executionV1(call, getExecution(call, parent, id)),
  },
  {
    ...{ verb: 'DELETE', path: 'executions/*', query: DeleteQuery },
    handle({ call, parent, id, query }) {
      requireReal(query);
      startExecutionDeletion(call, { name: getExecution(call, parent, id).name });
      finishDeletions(call);
      return success;
    },
  },
  {
    ...{ verb: 'POST', path: 'executions/*:cancel', query: NoQuery },
    async handle({ call, parent, id, body }) {
      readBody(body, NoQuery, 'CancelExecutionRequest');
      const { name } = getExecution(call, parent, id);
      return executionV1(call, await cancelExecution(call, { name }));
    },
  },
];
