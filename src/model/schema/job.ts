import { ConditionMessage, conditions, StatusMessage } from './condition.js';
import { ContainerMessage, VolumeMessage } from './container.js';
import {
  bool,
  duration,
  enumeration,
  field,
  int32,
  int64,
  list,
  map,
  message,
  string,
  timestamp,
  type Infer,
} from './field.js';
import { annotations, BinaryAuthorization, labels, NodeSelector, VpcAccess } from './settings.js';

/** The fields that a Task carries flattened and an Execution and a Job as `template`. */
const taskTemplateFields = {
  containers: list(field(ContainerMessage, 'A container.'), 'The containers of a task, 1 to 10.', {
    required: true,
    missing: 'must contain at least one container',
    constraints: [
      { id: 'container-count', text: 'must contain at least one container', min: 1 },
      { id: 'container-count', text: 'must contain at most 10 containers', max: 10 },
    ],
  }),
  volumes: list(field(VolumeMessage, 'A volume.'), 'Volumes that the containers mount.'),
  maxRetries: int32('Retries of a failed task, 0 to 10; 3 if unset, which is not 0.', {
    constraints: [{ id: 'max-retries', text: 'must be a number between 0 and 10', min: 0, max: 10 }],
  }),
  timeout: duration('Time for one attempt, at most 168 h; 600s if unset.', {
    constraints: [{ id: 'timeout', text: 'must be between 1s and 604800s (168 hours)', min: 1, max: 604800 }],
  }),
  terminationGracePeriod: duration('Time from SIGTERM to SIGKILL; 10s if unset.', {
    constraints: [{ id: 'termination-grace', text: 'must not be negative', min: 0 }],
  }),
  serviceAccount: string("The task's identity.", {
    effect: 'recorded',
    constraints: [
      {
        id: 'service-account',
        text: 'Unsupported service account',
        fix: (value: string) => {
          const [, address] = /^(?:serviceAccount|user):(\S+@\S+)$/.exec(value) ?? [];
          return address ? `write ${address}` : 'e.g. runner@my-project.iam.gserviceaccount.com';
        },
        pattern: /^[a-zA-Z0-9][-\w.]*(?:@[-a-zA-Z0-9.]+)?$/,
      },
    ],
  }),
  executionEnvironment: enumeration(
    'ExecutionEnvironment',
    { EXECUTION_ENVIRONMENT_UNSPECIFIED: 0, EXECUTION_ENVIRONMENT_GEN1: 1, EXECUTION_ENVIRONMENT_GEN2: 2 },
    'The sandbox; jobs always run in the second generation.',
    {
      effect: 'recorded',
      constraints: [
        {
          id: 'execution-environment',
          text: "Annotation 'run.googleapis.com/execution-environment' with value 'gen1' is not supported on resources of kind Execution.",
          fix: 'leave it out: jobs always run in the second generation',
          values: ['EXECUTION_ENVIRONMENT_UNSPECIFIED', 'EXECUTION_ENVIRONMENT_GEN2'],
        },
      ],
    },
  ),
  encryptionKey: string('A customer-managed key for the image.', {
    effect: 'ignoredLocally',
    constraints: [
      {
        id: 'encryption-key',
        text: 'must conform to projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}',
        pattern: /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
      },
    ],
  }),
  vpcAccess: field(VpcAccess, 'Egress through a VPC network.', { effect: 'ignoredLocally' }),
  nodeSelector: field(NodeSelector, 'The kind of GPU; here it is what the machine has.', { effect: 'ignoredLocally' }),
  gpuZonalRedundancyDisabled: bool('GPUs without zonal redundancy.', { effect: 'recorded' }),
};

export const TaskTemplateMessage = message('TaskTemplate', taskTemplateFields, { retries: ['maxRetries'] });
export type TaskTemplate = Infer<typeof TaskTemplateMessage>;

export const ExecutionTemplateMessage = message(
  'ExecutionTemplate',
  {
    labels: map('Labels of the executions and tasks.', { effect: 'recorded', ...labels }),
    annotations: map('Annotations of the executions and tasks.', { effect: 'recorded', ...annotations }),
    parallelism: int32('Tasks that run at once; as many as possible if 0 or unset.', {
      constraints: [{ id: 'parallelism', text: 'must not be negative', min: 0 }],
    }),
    taskCount: int32('Tasks of an execution, up to 10000; 1 if unset.', {
      constraints: [{ id: 'task-count', text: 'must be a number between 0 and 10000', min: 0, max: 10000 }],
    }),
    template: field(TaskTemplateMessage, 'What a task is.', { required: true, missing: 'has no task template' }),
    client: string('The client that wrote it.', { effect: 'recorded' }),
    clientVersion: string("The client's version.", { effect: 'recorded' }),
    delayExecution: bool('Allows a start up to 12 hours later (preview).', { effect: 'ignoredLocally' }),
  },
);
export type ExecutionTemplate = Infer<typeof ExecutionTemplateMessage>;

const ExecutionReferenceMessage = message('ExecutionReference', {
  name: string("The execution's id."),
  createTime: timestamp('When it was created.'),
  completionTime: timestamp('When it ended.'),
  deleteTime: timestamp('When it was deleted.'),
  completionStatus: enumeration(
    'ExecutionReference.CompletionStatus',
    {
      COMPLETION_STATUS_UNSPECIFIED: 0,
      EXECUTION_SUCCEEDED: 1,
      EXECUTION_FAILED: 2,
      EXECUTION_RUNNING: 3,
      EXECUTION_PENDING: 4,
      EXECUTION_CANCELLED: 5,
    },
    'How it stands.',
  ),
});
export type ExecutionReference = Infer<typeof ExecutionReferenceMessage>;
export type CompletionStatus = NonNullable<ExecutionReference['completionStatus']>;

const launchStage = enumeration(
  'google.api.LaunchStage',
  {
    LAUNCH_STAGE_UNSPECIFIED: 0,
    EARLY_ACCESS: 1,
    ALPHA: 2,
    BETA: 3,
    GA: 4,
    DEPRECATED: 5,
    UNIMPLEMENTED: 6,
    PRELAUNCH: 7,
  },
  'The stage of the features used: GA if unset.',
  {
    effect: 'recorded',
    constraints: [
      {
        id: 'launch-stage',
        text: 'only ALPHA, BETA, GA, or unspecified are supported',
        values: ['LAUNCH_STAGE_UNSPECIFIED', 'ALPHA', 'BETA', 'GA'],
      },
    ],
  },
);

/** google.cloud.run.v2.Job */
export const JobMessage = message(
  'Job',
  {
    name: string('`projects/P/locations/L/jobs/J`; not in a create request.'),
    uid: string('Unique over time and space.', { output: true }),
    generation: int64('Counts the changes of the spec.', { output: true }),
    labels: map('Labels of the job.', { effect: 'recorded', ...labels }),
    annotations: map('Annotations of the job.', { effect: 'recorded', ...annotations }),
    createTime: timestamp('When it was created.', { output: true }),
    updateTime: timestamp('When it was last changed.', { output: true }),
    deleteTime: timestamp('When it was deleted.', { output: true }),
    expireTime: timestamp('When a deleted job is purged: 30 days after the deletion.', { output: true }),
    creator: string('Who created it.', { output: true }),
    lastModifier: string('Who changed it last.', { output: true }),
    client: string('The client that wrote it.', { effect: 'recorded' }),
    clientVersion: string("The client's version.", { effect: 'recorded' }),
    launchStage,
    binaryAuthorization: field(BinaryAuthorization, 'Checks on the image.', { effect: 'ignoredLocally' }),
    template: field(ExecutionTemplateMessage, 'What an execution is.', {
      required: true,
      missing: 'has no task template',
    }),
    observedGeneration: int64('The generation that the service has acted on.', { output: true }),
    terminalCondition: field(ConditionMessage, 'The condition Ready.', { output: true }),
    conditions,
    executionCount: int32('Executions created.', { output: true }),
    latestCreatedExecution: field(ExecutionReferenceMessage, 'The newest execution.', { output: true }),
    reconciling: bool('Whether the service is still at work.', { output: true }),
    satisfiesPzs: bool('Reserved.', { output: true }),
    startExecutionToken: string('Starts an execution named after it; the job is ready once that has started.'),
    runExecutionToken: string('Runs an execution named after it; the job is ready once that has succeeded.'),
    etag: string('The version that an update is made from; a stale one is refused.'),
  },
  { createExecution: ['startExecutionToken', 'runExecutionToken'] },
);

/** Labels and annotations. */
interface Meta {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * What a v1 spec says in the namespaces of the service and v2 has no field for, of the job and of its executions. It is
 * part of the job as a client has written it, comes back in v1, and is nothing that v2 shows.
 */
export interface OnlyV1 {
  job?: Meta;
  execution?: Meta;
}

/** What a client may write of a Job. */
export type JobInput = Infer<typeof JobMessage> & { onlyV1?: OnlyV1 | undefined };

/** A job as the service keeps and returns it. */
export type Job = JobInput & Record<'name' | 'uid' | 'generation' | 'createTime' | 'updateTime' | 'creator', string>;

const TaskAttemptResult = message('TaskAttemptResult', {
  status: field(StatusMessage, 'How the attempt ended.', { output: true }),
  exitCode: int32('The exit code of the container that ended by itself.', { output: true }),
  termSignal: int32('The signal that ended the container.', { output: true }),
});
export type TaskAttemptResult = Infer<typeof TaskAttemptResult>;

const output = <F extends object>(of: F): F & { output: true } => ({ ...of, output: true });

/** google.cloud.run.v2.Execution */
export const ExecutionMessage = message('Execution', {
  name: string('`projects/P/locations/L/jobs/J/executions/E`.', { output: true, required: true }),
  uid: string('Unique over time and space.', { output: true, required: true }),
  creator: string('Who ran the job.', { output: true }),
  generation: int64('Counts the changes: 1, and 2 once it is cancelled or deleted.', { output: true, required: true }),
  labels: map('Labels from the template.', { output: true }),
  annotations: map('Annotations from the template.', { output: true }),
  createTime: timestamp('When it was created.', { output: true, required: true }),
  startTime: timestamp('When work on it began, before the first container runs.', { output: true }),
  completionTime: timestamp('When it ended.', { output: true }),
  updateTime: timestamp('When it last changed.', { output: true, required: true }),
  deleteTime: timestamp('When it was deleted.', { output: true }),
  expireTime: timestamp('When a deleted execution is purged.', { output: true }),
  launchStage,
  job: string("The job's id.", { output: true, required: true }),
  parallelism: int32('Tasks that run at once.', { output: true }),
  taskCount: int32('The number of tasks.', { output: true, required: true }),
  template: field(TaskTemplateMessage, 'What its tasks are, overrides applied.', { output: true, required: true }),
  reconciling: bool('Whether it is still going on.', { output: true }),
  conditions,
  observedGeneration: int64('The generation that the service has acted on.', { output: true }),
  runningCount: int32('Tasks that run.', { output: true }),
  succeededCount: int32('Tasks that succeeded.', { output: true }),
  failedCount: int32('Tasks that failed.', { output: true }),
  cancelledCount: int32('Tasks that were cancelled.', { output: true }),
  retriedCount: int32('Tasks that were retried at least once.', { output: true }),
  logUri: string('Where its logs are.', { output: true }),
  satisfiesPzs: bool('Reserved.', { output: true }),
  client: string('The client that ran it.', { output: true }),
  clientVersion: string("The client's version.", { output: true }),
  etag: string('The version.', { output: true }),
});
export type Execution = Infer<typeof ExecutionMessage> & {
  /** The version of the job that was run, which v1 has in labels and v2 does not say. */
  jobVersion?: Pick<Job, 'uid' | 'generation' | 'updateTime'>;
};

/** google.cloud.run.v2.Task */
export const TaskMessage = message('Task', {
  name: string('`projects/P/locations/L/jobs/J/executions/E/tasks/T`.', { output: true, required: true }),
  uid: string('Unique over time and space.', { output: true }),
  generation: int64('Counts the changes.', { output: true }),
  labels: map('Labels from the template.', { output: true }),
  annotations: map('Annotations from the template.', { output: true }),
  createTime: timestamp('When it was created.', { output: true }),
  scheduledTime: timestamp('When it got a slot.', { output: true }),
  startTime: timestamp('When its last attempt started.', { output: true }),
  completionTime: timestamp('When it ended.', { output: true }),
  updateTime: timestamp('When it last changed.', { output: true }),
  deleteTime: timestamp('When it was deleted.', { output: true }),
  expireTime: timestamp('When a deleted task is purged.', { output: true }),
  job: string("The job's id.", { output: true }),
  execution: string("The execution's id.", { output: true }),
  ...taskTemplateFields,
  encryptionKey: output(taskTemplateFields.encryptionKey),
  vpcAccess: output(taskTemplateFields.vpcAccess),
  nodeSelector: output(taskTemplateFields.nodeSelector),
  gpuZonalRedundancyDisabled: output(taskTemplateFields.gpuZonalRedundancyDisabled),
  reconciling: bool('Whether it is still going on.', { output: true }),
  conditions,
  observedGeneration: int64('The generation that the service has acted on.', { output: true }),
  index: int32('Its number, from 0.', { output: true }),
  retried: int32('Retries so far.', { output: true }),
  lastAttemptResult: field(TaskAttemptResult, 'How its last attempt ended.', { output: true }),
  logUri: string('Where its logs are.', { output: true }),
  satisfiesPzs: bool('Reserved.', { output: true }),
  etag: string('The version.', { output: true }),
});
export type Task = Infer<typeof TaskMessage>;
