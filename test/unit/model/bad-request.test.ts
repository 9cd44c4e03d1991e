import { describe, expect, test } from 'vitest';
import { StatusError } from '../../../src/model/errors.js';
import type { Container } from '../../../src/model/schema/container.js';
import type { Message } from '../../../src/model/schema/field.js';
import { type JobInput, JobMessage } from '../../../src/model/schema/job.js';
import { type Overrides, RunJobRequestMessage } from '../../../src/model/schema/run.js';
import { readBody } from '../../../src/model/spec/request-body.js';
import { validateJob } from '../../../src/model/validation/job.js';
import { validateOverrides } from '../../../src/model/validation/overrides.js';
import { badRequest, type RequestName } from '../../../src/model/validation/bad-request.js';
import { jobInput } from '../../support/jobs.js';

const answer = (job: JobInput, id = 'nightly') => badRequest('CreateJobRequest.job', validateJob(id, job));
const container = (more: Partial<Container>): JobInput => jobInput({}, { containers: [{ image: 'i', ...more }] });

/** What is told of a request body; undefined if it is read. */
function refusal(body: string, message: Message = JobMessage, request: RequestName = 'CreateJobRequest.job') {
  try {
    readBody(body, message, request);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}
const ofBody = (json: unknown) => refusal(JSON.stringify(json))?.fieldViolations;

test('nothing is wrong with a job that only has warnings', () => {
  expect(answer(container({ ports: [{ containerPort: 80 }] }))).toBeUndefined();
});

describe('what the v2 API says of fields', () => {
  test('names the request and the path in its own spelling, and tells all of them', () => {
    const error = answer(jobInput({ taskCount: -1 }, { maxRetries: 11, containers: [{ image: '' }] }));
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'Violation in CreateJobRequest.job.template.task_count: must be a number between 0 and 10000',
      fieldViolations: [
        {
          field: 'Violation in CreateJobRequest.job.template.task_count',
          description: 'must be a number between 0 and 10000',
        },
        {
          field: 'Violation in CreateJobRequest.job.template.template.containers[0].image',
          description: 'must provide an image name to deploy',
        },
        {
          field: 'Violation in CreateJobRequest.job.template.template.max_retries',
          description: 'must be a number between 0 and 10',
        },
      ],
    });
    expect(error?.problems.map(({ path, rule }) => [path, rule])).toEqual([
      ['template.taskCount', 'task-count'],
      ['template.template.containers[0].image', 'image'],
      ['template.template.maxRetries', 'max-retries'],
    ]);
  });

  test('keeps the keys of maps as they are', () => {
    expect(answer({ ...jobInput(), labels: { Team: 'a', 'run.googleapis.com/x': 'y' } })?.fieldViolations).toEqual([
      expect.objectContaining({ field: 'Violation in CreateJobRequest.job.labels.Team' }),
      {
        field: 'Violation in CreateJobRequest.job.labels["run.googleapis.com/x"]',
        description: 'system labels are not supported',
      },
    ]);
  });

  test('is all that is reported while there is any of it; the rules of both versions come after', () => {
    const env = [{ name: 'PORT', value: '1' }];
    const both = container({ env, name: 'A_B' });
    expect(answer(both)?.fieldViolations.map(({ field }) => field)).toEqual([
      'Violation in CreateJobRequest.job.template.template.containers[0].name',
    ]);
    expect(answer(both)?.problems).toHaveLength(2);
    expect(answer(container({ env }))).toMatchObject({
      message:
        'spec.template.spec.containers[0].env: The following reserved env names were provided: PORT. These values are automatically set by the system.',
    });
  });
});

test.each<[string, JobInput, string]>([
  [
    'resources',
    container({ resources: { limits: { cpu: '8', memory: '1Gi' } } }),
    'spec.template.spec.containers[0].resources.limits.memory: Invalid value specified for container memory. For 8.0 CPU, memory must be between 4Gi and 32Gi inclusive.',
  ],
  [
    'the sandbox',
    jobInput({}, { executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN1' }),
    "template.annotations: Annotation 'run.googleapis.com/execution-environment' with value 'gen1' is not supported on resources of kind Execution.",
  ],
])('rules of both versions speak of v1: %s', (_, job, message) => {
  expect(answer(job)?.message).toBe(message);
});

test('a bad id is reported as v1 reports it', () => {
  expect(answer(jobInput(), 'Nightly')?.message).toBe(
    "metadata.name: Resource name must use only lowercase letters, numbers and '-'. Must begin with a letter and cannot end with a '-'. Maximum length is 49 characters.",
  );
});

test('what is no JSON of the message is reported as the front end reports it, before all else', () => {
  const template = { containers: [{ image: 'i' }] };
  expect(ofBody({ typo: 1, template: { template } })).toEqual([
    {
      field: 'job',
      description: `Invalid JSON payload received. Unknown name "typo" at 'job': Cannot find field.`,
    },
  ]);
  expect(
    ofBody({
      launchStage: 'GAA',
      startExecutionToken: 'a',
      runExecutionToken: 'b',
      labels: 'x',
      template: { taskCount: 'many', template: { ...template, timeout: '2m', maxRetries: 2 ** 31 } },
    }),
  ).toEqual([
    {
      field: 'job.launch_stage',
      description: `Invalid value at 'job.launch_stage' (type.googleapis.com/google.api.LaunchStage), "GAA"`,
    },
    { field: 'job.labels', description: `Invalid value at 'job.labels' (Map), "x"` },
    {
      field: 'job.template.task_count',
      description: `Invalid value at 'job.template.task_count' (TYPE_INT32), "many"`,
    },
    {
      field: 'job.template.template.timeout',
      description: `Invalid value at 'job.template.template.timeout' (type.googleapis.com/google.protobuf.Duration), Illegal duration format; duration must end with 's'`,
    },
    {
      field: 'job.template.template.max_retries',
      description: `Invalid value at 'job.template.template.max_retries' (TYPE_INT32), 2147483648`,
    },
    {
      field: 'job',
      description: `Invalid value at 'job' (oneof), oneof field 'create_execution' is already set. Cannot set 'runExecutionToken'`,
    },
  ]);
  const run = refusal('{"overrides": {"taskCount": "x"}, "typo": 1}', RunJobRequestMessage, 'RunJobRequest');
  expect(run?.fieldViolations).toEqual([
    {
      field: 'overrides.task_count',
      description: `Invalid value at 'overrides.task_count' (TYPE_INT32), "x"`,
    },
    { field: '', description: 'Invalid JSON payload received. Unknown name "typo": Cannot find field.' },
  ]);
});

test('overrides of an execution are held to the rules of what they override', () => {
  expect(badRequest('RunJobRequest', validateOverrides({}))).toBeUndefined();
  const overrides: Overrides = {
    taskCount: 10001,
    timeout: '604801s',
    containerOverrides: [{ env: [{ name: '', value: 'x'.repeat(32769) }] }],
  };
  expect(badRequest('RunJobRequest', validateOverrides(overrides))?.fieldViolations.map(({ field }) => field)).toEqual([
    'Violation in RunJobRequest.overrides.container_overrides[0].env[0].name',
    'Violation in RunJobRequest.overrides.container_overrides[0].env[0].value',
    'Violation in RunJobRequest.overrides.task_count',
    'Violation in RunJobRequest.overrides.timeout',
  ]);
  const reserved = { containerOverrides: [{ env: [{ name: 'CLOUD_RUN_JOB', value: 'x' }] }] };
  expect(badRequest('RunJobRequest', validateOverrides(reserved))?.message).toBe(
    'spec.overrides.container_overrides[0].env: The following reserved env names were provided: CLOUD_RUN_JOB. These values are automatically set by the system.',
  );
});

test('a body is JSON, and may be empty', () => {
  expect(readBody('', RunJobRequestMessage, 'RunJobRequest')).toEqual({});
  expect(readBody(' {"validate_only": true} ', RunJobRequestMessage, 'RunJobRequest')).toEqual({ validateOnly: true });
  for (const [body, message] of [
    ['{}', 'template: has no task template'],
    ['{"template": {}}', 'template.template: has no task template'],
    ['{"template": {"template": {}}}', 'template.template.containers: must contain at least one container'],
    [
      '{"template": {"template": {"containers": [{}]}}}',
      'template.template.containers[0].image: must provide an image name to deploy',
    ],
  ] as const) {
    expect(refusal(body)?.message).toBe(`Violation in CreateJobRequest.job.${message}`);
  }
  for (const body of ['a: 1', '{"a": 1', '"a', '[1]', 'null', '1', `{"labels": ${'['.repeat(1e5)}`]) {
    expect(refusal(body)?.message).toMatch(/^Invalid (JSON payload received\.|value at 'job')/);
  }
  const nested = (depth: number): string => `{"a":${'{"a":'.repeat(depth)}1${'}'.repeat(depth + 1)}`;
  expect(refusal(nested(50))?.message).toContain('Unknown name "a"');
  expect(refusal(nested(100))?.message).toBe(
    'Invalid JSON payload received. It is larger, or nested deeper, than any request.',
  );
});
