import { bool, duration, field, int32, list, message, string } from './field.js';
import { ExecutionMessage, JobMessage, TaskMessage } from './job.js';
import { OperationMessage } from './operation.js';
import { PolicyMessage } from './policy.js';

/** The requests of the API, and the answers that are no resource. RunJobRequest is in run.ts. */

const parent = string('What to list below, or where to create.');
const name = string('The resource.');
const validateOnly = bool('Checks the request and does nothing.');
const etag = string('The version of the resource; accepted and not compared, as observed.');
const pageSize = int32('The most items of a page.');
const pageToken = string('From the page before.');
const nextPageToken = string('For the next page; empty at the end.');
const listing = { parent, pageSize, pageToken, showDeleted: bool('Includes deleted ones until they expire.') };

export const CreateJobRequest = message('CreateJobRequest', {
  parent,
  job: field(JobMessage, 'The job.'),
  jobId: string('Its id.'),
  validateOnly,
});
export const GetJobRequest = message('GetJobRequest', { name });
export const ListJobsRequest = message('ListJobsRequest', listing);
export const ListJobsResponse = message('ListJobsResponse', {
  jobs: list(field(JobMessage, 'A job.'), 'The jobs.'),
  nextPageToken,
});
export const UpdateJobRequest = message('UpdateJobRequest', {
  job: field(JobMessage, 'The job, which replaces all writable fields.'),
  validateOnly,
  allowMissing: bool('Creates the job if there is none.'),
});
export const DeleteJobRequest = message('DeleteJobRequest', { name, validateOnly, etag });

export const GetExecutionRequest = message('GetExecutionRequest', { name });
export const ListExecutionsRequest = message('ListExecutionsRequest', listing);
export const ListExecutionsResponse = message('ListExecutionsResponse', {
  executions: list(field(ExecutionMessage, 'An execution.'), 'The executions.'),
  nextPageToken,
});
export const DeleteExecutionRequest = message('DeleteExecutionRequest', { name, validateOnly, etag });
export const CancelExecutionRequest = message('CancelExecutionRequest', { name, validateOnly, etag });

export const GetTaskRequest = message('GetTaskRequest', { name });
export const ListTasksRequest = message('ListTasksRequest', listing);
export const ListTasksResponse = message('ListTasksResponse', {
  tasks: list(field(TaskMessage, 'A task.'), 'The tasks.'),
  nextPageToken,
});

export const GetOperationRequest = message('google.longrunning.GetOperationRequest', { name });
export const ListOperationsRequest = message('google.longrunning.ListOperationsRequest', {
  name: string('The project and location.'),
  filter: string('`done:true`, `done:false`, or nothing.'),
  pageSize,
  pageToken,
});
export const ListOperationsResponse = message('google.longrunning.ListOperationsResponse', {
  operations: list(field(OperationMessage, 'An operation.'), 'The operations.'),
  nextPageToken,
});
export const DeleteOperationRequest = message('google.longrunning.DeleteOperationRequest', { name });
export const WaitOperationRequest = message('google.longrunning.WaitOperationRequest', {
  name,
  timeout: duration('How long to wait.'),
});
export const Empty = message('google.protobuf.Empty', {});

const GetPolicyOptions = message('google.iam.v1.GetPolicyOptions', {
  requestedPolicyVersion: int32('0, 1 or 3.'),
});
export const GetIamPolicyRequest = message('google.iam.v1.GetIamPolicyRequest', {
  resource: name,
  options: field(GetPolicyOptions, 'The format of the answer.'),
});
export const SetIamPolicyRequest = message('google.iam.v1.SetIamPolicyRequest', {
  resource: name,
  policy: field(PolicyMessage, 'The policy.'),
  updateMask: string('The fields to replace; a google.protobuf.FieldMask, which is text in JSON.'),
});
const permissions = list(string('A permission.'), 'Permissions.');
export const TestIamPermissionsRequest = message('google.iam.v1.TestIamPermissionsRequest', {
  resource: name,
  permissions,
});
export const TestIamPermissionsResponse = message('google.iam.v1.TestIamPermissionsResponse', { permissions });
