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

/** The fields of a task template: a Task has them at its top level, an Execution and a Job in `template`. */
const taskTemplateFields = {
  containers: list(field(ContainerMessage, 'A container.'), 'The containers of a task, 1 to 10.', {
    required: true,
    missing: 'must contain at least one container',
    constraints: [
      { id: 'container-count', text: 'must contain at least one container', min: 1 },
      { id: 'container-count', text: 'must contain at most 10 containers', max: 10 },
    ],
  }),
  volumes: list(field(VolumeMessage, 'A volume.'), 'Volumes for the containers to mount.'),
  maxRetries: int32('Retries of a failed task, 0 to 10. Unset means 3, not 0.', {
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
    'The execution environment; jobs always run in the second generation.',
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
  nodeSelector: field(NodeSelector, 'The type of GPU; local runs use what the machine has.', { effect: 'ignoredLocally' }),
  gpuZonalRedundancyDisabled: bool('GPUs without zonal redundancy.', { effect: 'recorded' }),
};

export const TaskTemplateMessage = message('TaskTemplate', taskTemplateFields, { retries: ['maxRetries'] });
export type TaskTemplate = Infer<typeof TaskTemplateMessage>;

export const ExecutionTemplateMessage = message(
  'ExecutionTemplate',
  {
    labels: map('Labels of the executions and tasks.', { effect: 'recorded', ...labels }),
    annotations: map('Annotations of the executions and tasks.', { effect: 'recorded', ...annotations }),
    parallelism: int32('Tasks that run at once; 0 or unset: as many as possible.', {
      constraints: [{ id: 'parallelism', text: 'must not be negative', min: 0 }],
    }),
    taskCount: int32('Tasks of an execution, up to 10000; 1 if unset.', {
      constraints: [{ id: 'task-count', text: 'must be a number between 0 and 10000', min: 0, max: 10000 }],
    }),
    template: field(TaskTemplateMessage, 'The task template.', { required: true, missing: 'has no task template' }),
    client: string('The client that wrote the resource.', { effect: 'recorded' }),
    clientVersion: string("The client's version.", { effect: 'recorded' }),
    delayExecution: bool('Allows the start to be delayed by up to 12 hours (preview).', { effect: 'ignoredLocally' }),
  },
);
export type ExecutionTemplate = Infer<typeof ExecutionTemplateMessage>;

const ExecutionReferenceMessage = message('ExecutionReference', {
  name: string("The execution's id."),
  createTime: timestamp('The creation time.'),
  completionTime: timestamp('The completion time.'),
  deleteTime: timestamp('The deletion time.'),
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
    'The completion status.',
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
    uid: string('Unique across space and time.', { output: true }),
    generation: int64('The number of changes to the spec.', { output: true }),
    labels: map('Labels of the job.', { effect: 'recorded', ...labels }),
    annotations: map('Annotations of the job.', { effect: 'recorded', ...annotations }),
    createTime: timestamp('The creation time.', { output: true }),
    updateTime: timestamp('The time of the last change.', { output: true }),
    deleteTime: timestamp('The deletion time.', { output: true }),
    expireTime: timestamp('When a deleted job is purged: 30 days after its deletion.', { output: true }),
    creator: string('The account that created the job.', { output: true }),
    lastModifier: string('The account that last changed the job.', { output: true }),
    client: string('The client that wrote the resource.', { effect: 'recorded' }),
    clientVersion: string("The client's version.", { effect: 'recorded' }),
    launchStage,
    binaryAuthorization: field(BinaryAuthorization, 'Binary Authorization of the image.', { effect: 'ignoredLocally' }),
    template: field(ExecutionTemplateMessage, 'The execution template.', {
      required: true,
      missing: 'has no task template',
    }),
    observedGeneration: int64('The generation that the service has processed.', { output: true }),
    terminalCondition: field(ConditionMessage, 'The condition Ready.', { output: true }),
    conditions,
    executionCount: int32('Executions created.', { output: true }),
    latestCreatedExecution: field(ExecutionReferenceMessage, 'The newest execution.', { output: true }),
    reconciling: bool('Whether the service is still reconciling the resource.', { output: true }),
    satisfiesPzs: bool('Reserved.', { output: true }),
    startExecutionToken: string('Starts an execution with this suffix; the job is ready once the execution has started.'),
    runExecutionToken: string('Runs an execution with this suffix; the job is ready once the execution has succeeded.'),
    etag: string('The version that an update is based on; a stale one is rejected.'),
  },
  { createExecution: ['startExecutionToken', 'runExecutionToken'] },
);

/** Labels and annotations. */
interface Meta {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * System labels and annotations of a v1 spec, for the job and for its executions, that v2 has no field for. They are
 * stored with the job and returned in v1, and v2 does not show them.
 */
export interface OnlyV1 {
  job?: Meta;
  execution?: Meta;
}

/** The fields of a Job that a client may write. */
export type JobInput = Infer<typeof JobMessage> & { onlyV1?: OnlyV1 | undefined };

/** A job as the service stores and returns it. */
export type Job = JobInput & Record<'name' | 'uid' | 'generation' | 'createTime' | 'updateTime' | 'creator', string>;

const TaskAttemptResult = message('TaskAttemptResult', {
  status: field(StatusMessage, 'The outcome of the attempt.', { output: true }),
  exitCode: int32('The exit code of a container that exited by itself.', { output: true }),
  termSignal: int32('The signal that ended the container.', { output: true }),
});
export type TaskAttemptResult = Infer<typeof TaskAttemptResult>;

const output = <F extends object>(of: F): F & { output: true } => ({ ...of, output: true });

/** google.cloud.run.v2.Execution */
export const ExecutionMessage = message('Execution', {
  name: string('`projects/P/locations/L/jobs/J/executions/E`.', { output: true, required: true }),
  uid: string('Unique across space and time.', { output: true, required: true }),
  creator: string('The account that ran the job.', { output: true }),
  generation: int64('The number of changes: 1, or 2 after a cancellation or deletion.', { output: true, required: true }),
  labels: map('Labels from the template.', { output: true }),
  annotations: map('Annotations from the template.', { output: true }),
  createTime: timestamp('The creation time.', { output: true, required: true }),
  startTime: timestamp('When the work began, before the first container ran.', { output: true }),
  completionTime: timestamp('The completion time.', { output: true }),
  updateTime: timestamp('The time of the last change.', { output: true, required: true }),
  deleteTime: timestamp('The deletion time.', { output: true }),
  expireTime: timestamp('When the deleted execution is purged.', { output: true }),
  launchStage,
  job: string("The job's id.", { output: true, required: true }),
  parallelism: int32('Tasks that run at once.', { output: true }),
  taskCount: int32('The number of tasks.', { output: true, required: true }),
  template: field(TaskTemplateMessage, 'The task template, with overrides applied.', { output: true, required: true }),
  reconciling: bool('Whether it is still in progress.', { output: true }),
  conditions,
  observedGeneration: int64('The generation that the service has processed.', { output: true }),
  runningCount: int32('Running tasks.', { output: true }),
  succeededCount: int32('Succeeded tasks.', { output: true }),
  failedCount: int32('Failed tasks.', { output: true }),
  cancelledCount: int32('Cancelled tasks.', { output: true }),
  retriedCount: int32('Tasks retried at least once.', { output: true }),
  logUri: string('The address of its logs.', { output: true }),
  satisfiesPzs: bool('Reserved.', { output: true }),
  client: string('The client that ran it.', { output: true }),
  clientVersion: string("The client's version.", { output: true }),
  etag: string('The version.', { output: true }),
});
export type Execution = Infer<typeof ExecutionMessage> & {
  /** The version of the job that was run: v1 has it in labels, v2 does not show it. */
  jobVersion?: Pick<Job, 'uid' | 'generation' | 'updateTime'>;
};

/** google.cloud.run.v2.Task */
export const TaskMessage = message('Task', {
  name: string('`projects/P/locations/L/jobs/J/executions/E/tasks/T`.', { output: true, required: true }),
  uid: string('Unique across space and time.', { output: true }),
  generation: int64('The number of changes.', { output: true }),
  labels: map('Labels from the template.', { output: true }),
  annotations: map('Annotations from the template.', { output: true }),
  createTime: timestamp('The creation time.', { output: true }),
  scheduledTime: timestamp('When it got a slot.', { output: true }),
  startTime: timestamp('When its last attempt started.', { output: true }),
  completionTime: timestamp('The completion time.', { output: true }),
  updateTime: timestamp('The time of the last change.', { output: true }),
  deleteTime: timestamp('The deletion time.', { output: true }),
  expireTime: timestamp('When the deleted task is purged.', { output: true }),
  job: string("The job's id.", { output: true }),
  execution: string("The execution's id.", { output: true }),
  ...taskTemplateFields,
  encryptionKey: output(taskTemplateFields.encryptionKey),
  vpcAccess: output(taskTemplateFields.vpcAccess),
  nodeSelector: output(taskTemplateFields.nodeSelector),
  gpuZonalRedundancyDisabled: output(taskTemplateFields.gpuZonalRedundancyDisabled),
  reconciling: bool('Whether it is still in progress.', { output: true }),
  conditions,
  observedGeneration: int64('The generation that the service has processed.', { output: true }),
  index: int32('The index of the task, from 0.', { output: true }),
  retried: int32('Retries so far.', { output: true }),
  lastAttemptResult: field(TaskAttemptResult, 'The outcome of its last attempt.', { output: true }),
  logUri: string('The address of its logs.', { output: true }),
  satisfiesPzs: bool('Reserved.', { output: true }),
  etag: string('The version.', { output: true }),
});
export type Task = Infer<typeof TaskMessage>;
