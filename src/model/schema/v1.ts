import { field, int32, int64, list, map, message, string, type Infer } from './field.js';
import { ExecutionTemplateMessage, JobMessage, TaskTemplateMessage } from './job.js';
import { Container, notSupported, Volume } from './v1-container.js';

/**
 * `apiVersion: run.googleapis.com/v1, kind: Job`, the shape of gcloud's YAML. A field that both versions have alike is
 * v2's. The server's own fields are here so that an exported job is accepted.
 */
const server = { output: true } as const;

const job = JobMessage.fields;
const execution = ExecutionTemplateMessage.fields;
const task = TaskTemplateMessage.fields;

const serverMeta = {
  generation: int64('', server),
  creationTimestamp: string('', server),
  deletionTimestamp: string('', server),
  deletionGracePeriodSeconds: int32('', server),
  resourceVersion: string('', server),
  selfLink: string('', server),
  uid: string('', server),
  clusterName: string('', server),
  finalizers: list(string(''), '', server),
  ownerReferences: list(string(''), '', server),
};

const labels = map('Labels; those of run.googleapis.com are set by the service.');
const annotations = map('Annotations; those of run.googleapis.com are fields of the v2 API.');

const JobMeta = message('ObjectMeta', {
  name: string("The job's id."),
  namespace: string('The project.', { orNumber: true }),
  generateName: string('', { refused: notSupported }),
  labels,
  annotations,
  ...serverMeta,
});

const named = 'the service names executions';
const ExecutionMeta = message('ObjectMeta', {
  name: string('', { ignored: named }),
  namespace: string('', { orNumber: true, ignored: named }),
  generateName: string('', { refused: notSupported }),
  labels,
  annotations,
  ...serverMeta,
});

const TaskSpec = message(
  'TaskSpec',
  {
    containers: list(field(Container, 'A container.'), task.containers.doc, {
      required: true,
      missing: task.containers.missing,
      rules: task.containers.rules,
    }),
    volumes: list(field(Volume, 'A volume.'), 'Volumes that the containers mount.'),
    maxRetries: task.maxRetries,
    timeoutSeconds: int64('Time for one attempt, at most 604800 (168 h); 600 if unset.', { rules: task.timeout.rules }),
    serviceAccountName: task.serviceAccount,
    nodeSelector: map('run.googleapis.com/accelerator: the GPU type.'),
    terminationGracePeriodSeconds: int64('Time from SIGTERM to SIGKILL; 10 if unset.', {
      rules: task.terminationGracePeriod.rules,
    }),
  },
);

const ExecutionSpec = message(
  'ExecutionSpec',
  {
    parallelism: execution.parallelism,
    taskCount: execution.taskCount,
    delayExecution: execution.delayExecution,
    template: field(
      message('TaskTemplateSpec', {
        spec: field(TaskSpec, 'What a task is.', { required: true, missing: 'has no task template' }),
      }),
      'What a task is.',
      { required: true, missing: 'has no task template' },
    ),
  },
);

/** What `gcloud run jobs replace` reads. */
export const JobV1Message = message('Job', {
  apiVersion: string('run.googleapis.com/v1', {
    required: true,
    rules: [{ id: 'kind', text: 'must be run.googleapis.com/v1', values: ['run.googleapis.com/v1'], filled: true }],
  }),
  kind: string('Job', { required: true, rules: [{ id: 'kind', text: 'must be Job', values: ['Job'], filled: true }] }),
  metadata: field(JobMeta, 'Name, labels, annotations.', { required: true }),
  spec: field(
    message(
      'JobSpec',
      {
        template: field(
          message('ExecutionTemplateSpec', {
            metadata: field(ExecutionMeta, 'Labels and annotations of the executions.'),
            spec: field(ExecutionSpec, 'What an execution is.', { required: true }),
          }),
          'What an execution is.',
          { required: true, missing: 'has no task template' },
        ),
        startExecutionToken: job.startExecutionToken,
        runExecutionToken: job.runExecutionToken,
      },
      { createExecution: ['startExecutionToken', 'runExecutionToken'] },
    ),
    'What the job is.',
    { required: true },
  ),
  status: string('', server),
});

export type JobV1 = Infer<typeof JobV1Message>;
