import { executions } from './executions.js';
import { iam } from './iam.js';
import { withPages } from '../log-uri.js';
import { jobs } from './jobs.js';
import type { Method } from './method.js';
import { operations } from './operations.js';
import { tasks } from './tasks.js';

/** Every method of the API, for REST and gRPC alike. */
export const methods: readonly Method[] = [...jobs, ...iam, ...executions, ...tasks, ...operations].map((method) => ({
  ...method,
  handle: async (call, request, situation) => withPages(call.address, await method.handle(call, request, situation)),
}));
