import { jobName } from '../../model/names.js';
import { readBody } from '../../model/spec/request-body.js';
import { overridesFromV1, RunJobRequestV1Message } from '../../model/v1/run.js';
import { jobToV1 } from '../../model/v1/write.js';
import { executeJob } from '../../service/background-run.js';
import { createJob, getJob, listJobs, startDeletion, updateJob } from '../../service/jobs.js';
import { finishDeletions } from '../../service/retention.js';
import { executionV1 } from './executions.js';
import { readJob } from './job-body.js';
import { listOf, selectorOf } from './listing.js';
import { DeleteQuery, ListQuery, NoQuery, requireReal, success, type V1Method } from './method.js';

export const jobs: readonly V1Method[] = [
  {
    ...{ verb: 'GET', path: 'jobs', query: ListQuery },
    handle: ({ call, parent: { project }, region: location, query }) =>
      listOf(
        'Job',
        query,
        selectorOf(query),
        (page) => listJobs(call, { project, location, byName: true, ...page }),
        (job) => ({ resource: jobToV1(job) }),
      ),
  },
  {
    ...{ verb: 'POST', path: 'jobs', query: NoQuery },
    handle(request) {
      const { call, parent } = request;
      const { id: jobId, job } = readJob(request, 'CreateJobRequest.job');
      return jobToV1(createJob(call, { parent, jobId, job }));
    },
  },
  {
    ...{ verb: 'GET', path: 'jobs/*', query: NoQuery },
    handle: ({ call, parent, id }) => jobToV1(getJob(call, jobName(parent, id))),
  },
  {
    ...{ verb: 'PUT', path: 'jobs/*', query: NoQuery },
    handle(request) {
      const { call, parent } = request;
      const { id, job } = readJob(request, 'ReplaceJobRequest.job');
      return jobToV1(updateJob(call, { name: jobName(parent, id), job }));
    },
  },
  {
    ...{ verb: 'DELETE', path: 'jobs/*', query: DeleteQuery },
    handle({ call, parent, id, query }) {
      requireReal(query);
      startDeletion(call, { name: jobName(parent, id) });
      finishDeletions(call);
      return success;
    },
  },
  {
    ...{ verb: 'POST', path: 'jobs/*:run', query: NoQuery },
    async handle({ call, parent, id, body }) {
      const { overrides = {} } = readBody(body, RunJobRequestV1Message, 'RunJobRequest');
      const request = { name: jobName(parent, id), overrides: overridesFromV1(overrides) };
      return executionV1(call, await executeJob(call, request, () => {}));
    },
  },
];
