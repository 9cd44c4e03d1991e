import { StatusError } from '../../model/errors.js';
import { OperationMessage } from '../../model/schema/operation.js';
import {
  DeleteOperationRequest,
  Empty,
  GetOperationRequest,
  ListOperationsRequest,
  ListOperationsResponse,
  WaitOperationRequest,
} from '../../model/schema/requests.js';
import { durationSeconds } from '../../model/time.js';
import { deleteOperation, getOperation, listOperations, waitOperation } from '../../service/operations.js';
import { type Method, method } from './method.js';
import { nameIn, parentOf } from './names.js';

const service = 'google.longrunning.Operations';

/** How long a wait without a timeout takes at most, in ms: less than what clients wait for an answer. */
const longestWait = 50_000;

const filters: Readonly<Record<string, boolean | undefined>> = {
  '': undefined,
  'done:true': true,
  'done:false': false,
};

export const operations: readonly Method[] = [
  method({
    ...{ service, rpc: 'GetOperation', request: GetOperationRequest, response: OperationMessage },
    http: { verb: 'GET', path: '/v2/{name=projects/*/locations/*/operations/*}' },
    handle: (call, { name = '' }) => getOperation(call, nameIn(call, name, ['operations'])),
  }),
  method({
    ...{ service, rpc: 'ListOperations', request: ListOperationsRequest, response: ListOperationsResponse },
    http: { verb: 'GET', path: '/v2/{name=projects/*/locations/*}/operations' },
    handle(call, { name = '', filter = '', pageSize, pageToken }) {
      const wanted = filter.replaceAll(/\s/g, '');
      if (!Object.hasOwn(filters, wanted)) {
        throw new StatusError('INVALID_ARGUMENT', `filter: must be empty, done:true or done:false, got ${filter}`);
      }
      const done = filters[wanted];
      const { items, nextPageToken } = listOperations(call, {
        parent: parentOf(call, name, 'anywhere'),
        done,
        pageSize,
        pageToken,
      });
      return { operations: items, nextPageToken };
    },
  }),
  method({
    ...{ service, rpc: 'DeleteOperation', request: DeleteOperationRequest, response: Empty },
    http: { verb: 'DELETE', path: '/v2/{name=projects/*/locations/*/operations/*}' },
    handle(call, { name = '' }) {
      deleteOperation(call, nameIn(call, name, ['operations']));
      return {};
    },
  }),
  method({
    ...{ service, rpc: 'WaitOperation', request: WaitOperationRequest, response: OperationMessage },
    http: { verb: 'POST', path: '/v2/{name=projects/*/locations/*/operations/*}:wait', body: '*' },
    async handle(call, { name: given = '', timeout = '' }, { signal }) {
      const name = nameIn(call, given, ['operations']);
      const seconds = durationSeconds(timeout);
      const wait = { timeout: seconds === undefined ? longestWait : Math.max(0, seconds * 1000), signal };
      try {
        return await waitOperation(call, name, wait);
      } catch (error) {
        if (!signal.aborted) throw error;
        return getOperation(call, name);
      }
    },
  }),
];
