import { any, enumeration, field, int32, list, message, string, timestamp, type Infer } from './field.js';

/** google.cloud.run.v2.Condition */
export const ConditionMessage = message(
  'Condition',
  {
    type: string('The aspect that the condition describes: Ready, Completed, Started, ResourcesAvailable, ContainerReady, Retry.'),
    state: enumeration(
      'Condition.State',
      {
        STATE_UNSPECIFIED: 0,
        CONDITION_PENDING: 1,
        CONDITION_RECONCILING: 2,
        CONDITION_FAILED: 3,
        CONDITION_SUCCEEDED: 4,
      },
      'The state.',
    ),
    message: string('A message for people.'),
    lastTransitionTime: timestamp('When the state last changed.'),
    severity: enumeration(
      'Condition.Severity',
      { SEVERITY_UNSPECIFIED: 0, ERROR: 1, WARNING: 2, INFO: 3 },
      'The severity of a failed condition; absent if it is terminal.',
    ),
    reason: enumeration(
      'Condition.CommonReason',
      {
        COMMON_REASON_UNDEFINED: 0,
        UNKNOWN: 1,
        REVISION_FAILED: 3,
        PROGRESS_DEADLINE_EXCEEDED: 4,
        CONTAINER_MISSING: 6,
        CONTAINER_PERMISSION_DENIED: 7,
        CONTAINER_IMAGE_UNAUTHORIZED: 8,
        CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED: 9,
        ENCRYPTION_KEY_PERMISSION_DENIED: 10,
        ENCRYPTION_KEY_CHECK_FAILED: 11,
        SECRETS_ACCESS_CHECK_FAILED: 12,
        WAITING_FOR_OPERATION: 13,
        IMMEDIATE_RETRY: 14,
        POSTPONED_RETRY: 15,
        INTERNAL: 16,
        VPC_NETWORK_NOT_FOUND: 17,
      },
      'The reason, for any kind of resource.',
      { output: true },
    ),
    revisionReason: enumeration(
      'Condition.RevisionReason',
      {
        REVISION_REASON_UNDEFINED: 0,
        PENDING: 1,
        RESERVE: 2,
        RETIRED: 3,
        RETIRING: 4,
        RECREATING: 5,
        HEALTH_CHECK_CONTAINER_ERROR: 6,
        CUSTOMIZED_PATH_RESPONSE_PENDING: 7,
        MIN_INSTANCES_NOT_PROVISIONED: 8,
        ACTIVE_REVISION_LIMIT_REACHED: 9,
        NO_DEPLOYMENT: 10,
        HEALTH_CHECK_SKIPPED: 11,
        MIN_INSTANCES_WARMING: 12,
      },
      'The reason, for revisions of services; never set for jobs.',
      { output: true },
    ),
    executionReason: enumeration(
      'Condition.ExecutionReason',
      {
        EXECUTION_REASON_UNDEFINED: 0,
        JOB_STATUS_SERVICE_POLLING_ERROR: 1,
        NON_ZERO_EXIT_CODE: 2,
        CANCELLED: 3,
        CANCELLING: 4,
        DELETED: 5,
        DELAYED_START_PENDING: 6,
      },
      'The reason, for executions.',
      { output: true },
    ),
    instanceReason: string('The reason, for instances; never set for jobs.', { output: true }),
  },
  { reasons: ['reason', 'revisionReason', 'executionReason', 'instanceReason'] },
);

export type Condition = Infer<typeof ConditionMessage>;

/** google.rpc.Status */
export const StatusMessage = message('google.rpc.Status', {
  code: int32('A google.rpc.Code; OK if absent.'),
  message: string('The error message.'),
  details: list(any('A message with more detail.'), 'Details for programs, such as google.rpc.BadRequest.'),
});

export type Status = Infer<typeof StatusMessage>;

export const conditions = list(field(ConditionMessage, 'A condition.'), 'The state, by aspect.', { output: true });
