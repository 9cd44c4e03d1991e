import { parseName } from '../../model/names.js';
import { type JobInput, JobMessage } from '../../model/schema/job.js';
import { OperationMessage } from '../../model/schema/operation.js';
import {
  CreateJobRequest,
  DeleteJobRequest,
  GetJobRequest,
  ListJobsRequest,
  ListJobsResponse,
  UpdateJobRequest,
} from '../../model/schema/requests.js';
import { RunJobRequestMessage } from '../../model/schema/run.js';
import { executeJob } from '../../service/background-run.js';
import { createJob, getJob, listJobs, startDeletion, updateJob } from '../../service/jobs.js';
import { runJob } from '../../service/run-job.js';
import { type Method, method } from './method.js';
import { nameIn, parentOf } from './names.js';
import { execution, job as jobOf, operating } from './operating.js';

const service = 'google.cloud.run.v2.Jobs';
const noJob: JobInput = { template: { template: { containers: [] } } };

export const jobs: readonly Method[] = [
  method({
    ...{ service, rpc: 'CreateJob', request: CreateJobRequest, response: OperationMessage },
    http: { verb: 'POST', path: '/v2/{parent=projects/*/locations/*}/jobs', body: 'job' },
    handle(call, { parent: name = '', job = noJob, jobId = '', validateOnly }) {
      const parent = parentOf(call, name);
      const request = { parent, jobId, job, validateOnly };
      return operating(call, parent, validateOnly, (operation) => jobOf(createJob(call, { ...request, operation })));
    },
  }),
  method({
    ...{ service, rpc: 'GetJob', pure: true, request: GetJobRequest, response: JobMessage },
    http: { verb: 'GET', path: '/v2/{name=projects/*/locations/*/jobs/*}' },
    handle: (call, { name = '' }) => getJob(call, nameIn(call, name, ['jobs'])),
  }),
  method({
    ...{ service, rpc: 'ListJobs', request: ListJobsRequest, response: ListJobsResponse },
    http: { verb: 'GET', path: '/v2/{parent=projects/*/locations/*}/jobs' },
    handle(call, { parent = '', ...page }) {
      const { project, location } = parentOf(call, parent, 'anywhere');
      const { items, nextPageToken } = listJobs(call, {
        ...{ project, location: location === '-' ? undefined : location },
        ...page,
      });
      return { jobs: items, nextPageToken };
    },
  }),
  method({
    ...{ service, rpc: 'UpdateJob', request: UpdateJobRequest, response: OperationMessage },
    http: { verb: 'PATCH', path: '/v2/{job.name=projects/*/locations/*/jobs/*}', body: 'job' },
    handle(call, { job = noJob, validateOnly, allowMissing }) {
      const name = nameIn(call, job.name ?? '', ['jobs']);
      const request = { name, job: { ...job, name }, validateOnly, allowMissing };
      return operating(call, parseName(name), validateOnly, (operation) =>
        jobOf(updateJob(call, { ...request, operation })),
      );
    },
  }),
  method({
    ...{ service, rpc: 'DeleteJob', request: DeleteJobRequest, response: OperationMessage },
    http: { verb: 'DELETE', path: '/v2/{name=projects/*/locations/*/jobs/*}' },
    handle(call, { name: given = '', validateOnly, etag }) {
      const name = nameIn(call, given, ['jobs']);
      return operating(call, parseName(name), validateOnly, (operation) =>
        jobOf(startDeletion(call, { name, validateOnly, etag, operation })),
      );
    },
  }),
  method({
    ...{ service, rpc: 'RunJob', request: RunJobRequestMessage, response: OperationMessage },
    http: { verb: 'POST', path: '/v2/{name=projects/*/locations/*/jobs/*}:run', body: '*' },
    handle(call, { name: given = '', overrides, etag, validateOnly }) {
      const name = nameIn(call, given, ['jobs']);
      return operating(call, parseName(name), validateOnly, async (operation) => {
        const request = { name, overrides, etag, validateOnly, operation };
        return execution(validateOnly ? runJob(call, request) : await executeJob(call, request, () => {}));
      });
    },
  }),
];
