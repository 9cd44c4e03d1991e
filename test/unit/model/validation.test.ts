import { describe, expect, test } from 'vitest';
import { formatPath } from '../../../src/model/field-path.js';
import type { Container } from '../../../src/model/schema/container.js';
import type { JobInput } from '../../../src/model/schema/job.js';
import { validateJob } from '../../../src/model/validation/job.js';
import { isError } from '../../../src/model/validation/bad-request.js';
import { jobInput } from '../../support/jobs.js';

const violations = (job: JobInput, id = 'nightly'): string[] =>
  validateJob(id, job)
    .filter(isError)
    .map(({ path, description }) => `${formatPath(path)}: ${description}`);
const container = (more: Partial<Container>): JobInput => jobInput({}, { containers: [{ image: 'i', ...more }] });
const limits = (cpu: string | undefined, memory: string | undefined): JobInput =>
  container({ resources: { limits: { ...(cpu && { cpu }), ...(memory && { memory }) } } });
const at = 'template.template.containers[0]';

describe('accepted', () => {
  test.each<[string, JobInput]>([
    ['one container', jobInput()],
    ['more parallelism than tasks', jobInput({ taskCount: 2, parallelism: 9 })],
    ['0 tasks, which is 1', jobInput({ taskCount: 0 })],
    ['10000 tasks', jobInput({ taskCount: 10000 })],
    ['no retries', jobInput({}, { maxRetries: 0 })],
    ['168 hours', jobInput({}, { timeout: '604800s' })],
    ['a tag and a digest', container({ image: `gcr.io/p/i:1@sha256:${'a'.repeat(64)}` })],
    ['a port in the registry', container({ image: 'localhost:5000/a/b' })],
    [
      'the same variable twice',
      container({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
    ],
    ['a dotted container name', container({ name: 'app.v2' })],
    ['two containers without a name', jobInput({}, { containers: [{ image: 'i' }, { image: 'j' }] })],
    ['8 CPUs and 32Gi', limits('8', '32Gi')],
    [
      'a small sidecar',
      jobInput(
        {},
        { containers: [{ image: 'i' }, { image: 'j', resources: { limits: { cpu: '0.5', memory: '256Mi' } } }] },
      ),
    ],
    ['a nonce label', { ...jobInput(), labels: { 'client.knative.dev/nonce': 'a_b_c' } }],
    ['an international label', { ...jobInput(), labels: { größe: 'x' } }],
  ])('%s', (_, job) => {
    expect(violations(job)).toEqual([]);
  });
});

describe('refused', () => {
  test.each<[string, JobInput, string[]]>([
    ['too many tasks', jobInput({ taskCount: 10001 }), ['template.taskCount: must be a number between 0 and 10000']],
    ['negative parallelism', jobInput({ parallelism: -1 }), ['template.parallelism: must not be negative']],
    [
      '11 retries',
      jobInput({}, { maxRetries: 11 }),
      ['template.template.maxRetries: must be a number between 0 and 10'],
    ],
    [
      'no time',
      jobInput({}, { timeout: '0s' }),
      ['template.template.timeout: must be between 1s and 604800s (168 hours)'],
    ],
    [
      'too much time',
      jobInput({}, { timeout: '604801s' }),
      ['template.template.timeout: must be between 1s and 604800s (168 hours)'],
    ],
    [
      'no container',
      jobInput({}, { containers: [] }),
      ['template.template.containers: must contain at least one container'],
    ],
    ['no image', container({ image: '' }), [`${at}.image: must provide an image name to deploy`]],
    [
      'an image in capitals',
      container({ image: 'gcr.io/PROJECT/x' }),
      [`${at}.image: must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]`],
    ],
    [
      'an option as image',
      container({ image: '--privileged' }),
      [`${at}.image: must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]`],
    ],
    [
      'a bad digest',
      container({ image: 'i@sha256:bad' }),
      [`${at}.image: must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]`],
    ],
    [
      'reserved variables, in one line',
      container({
        env: [
          { name: 'PORT', value: '1' },
          { name: 'CLOUD_RUN_JOB', value: 'x' },
        ],
      }),
      [
        `${at}.env[0].name: The following reserved env names were provided: PORT, CLOUD_RUN_JOB. These values are automatically set by the system.`,
      ],
    ],
    [
      'a long value',
      container({ env: [{ name: 'A', value: 'é'.repeat(16385) }] }),
      [`${at}.env[0].value: length cannot exceed 32768`],
    ],
    ['a bad container name', container({ name: 'a_b' }), [`${at}.name: must conform to RFC 1123`]],
    [
      'names twice',
      jobInput(
        {},
        {
          containers: [
            { image: 'i', name: 'a' },
            { image: 'i', name: 'a' },
          ],
        },
      ),
      ['template.template.containers[1].name: duplicate container names: a'],
    ],
    [
      'a liveness probe',
      container({ livenessProbe: { tcpSocket: { port: 1 } } }),
      [`${at}.livenessProbe: a job does not support liveness probe`],
    ],
    [
      'idle CPU',
      container({ resources: { cpuIdle: true } }),
      [`${at}.resources.cpuIdle: CPU idle must be set to false`],
    ],
    [
      '3 CPUs',
      limits('3', undefined),
      [`${at}.resources.limits.cpu: Invalid value specified for cpu. Must be equal to one of [.08-1], 2, 4, 6, 8`],
    ],
    [
      'half a CPU in all',
      limits('0.5', '512Mi'),
      [
        `${at}.resources.limits.cpu: Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment with cpu always allocated (unthrottled).`,
      ],
    ],
    [
      'too little memory',
      limits('1', '256Mi'),
      [`${at}.resources.limits.memory: Total memory < 512 Mi is not supported with gen2 execution environment.`],
    ],
    [
      'too much memory for the CPU',
      limits('1', '8Gi'),
      [
        `${at}.resources.limits.memory: Invalid value specified for container memory. For 1.0 CPU, memory must be between 512Mi and 4Gi inclusive.`,
      ],
    ],
    [
      'too little memory for the CPU',
      limits('8', '1Gi'),
      [
        `${at}.resources.limits.memory: Invalid value specified for container memory. For 8.0 CPU, memory must be between 4Gi and 32Gi inclusive.`,
      ],
    ],
    [
      'no quantity',
      limits('one', '1GB'),
      [
        `${at}.resources.limits.cpu: Could not parse Quantity`,
        `${at}.resources.limits.memory: Could not parse Quantity`,
      ],
    ],
    [
      'another resource',
      container({ resources: { limits: { disk: '1Gi' } } }),
      [`${at}.resources.limits.disk: only 'cpu', 'memory' and 'nvidia.com/gpu' limits are supported`],
    ],
    [
      'a system label',
      { ...jobInput(), labels: { 'run.googleapis.com/x': 'y' } },
      ['labels["run.googleapis.com/x"]: system labels are not supported'],
    ],
    [
      'a label in capitals',
      { ...jobInput(), labels: { Team: 'a' } },
      [
        'labels.Team: a label key has 1 to 63 characters, lower-case letters, digits, _ and -, and begins with a lower-case letter',
      ],
    ],
    [
      'generation 1',
      jobInput({}, { executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN1' }),
      [
        "template.template.executionEnvironment: Annotation 'run.googleapis.com/execution-environment' with value 'gen1' is not supported on resources of kind Execution.",
      ],
    ],
    [
      'a launch stage of the past',
      { ...jobInput(), launchStage: 'DEPRECATED' },
      ['launchStage: only ALPHA, BETA, GA, or unspecified are supported'],
    ],
  ])('%s', (_, job, expected) => {
    expect(violations(job)).toEqual(expected);
  });

  test('all at once, the name included', () => {
    const job = jobInput({ taskCount: -1 }, { maxRetries: 99, containers: [{ image: '' }] });
    expect(violations(job, '--help')).toHaveLength(4);
  });

  test('annotations of more than 256 KiB in all', () => {
    const annotations = { a: 'x'.repeat(2 ** 17 - 1), b: 'é'.repeat(2 ** 16) };
    expect(violations({ ...jobInput(), annotations })).toEqual([
      'annotations: must have at most 262144 bytes in all, got 262145',
    ]);
  });

  test('arguments and variables are counted over all containers', () => {
    const args = Array.from({ length: 600 }, () => 'x');
    const env = args.map((value, i) => ({ name: `V${i}`, value }));
    const job = jobInput(
      {},
      {
        containers: [
          { image: 'i', args, env },
          { image: 'j', args, env },
        ],
      },
    );
    expect(violations(job)).toEqual([
      'template.template.containers: the limit on args across all containers is 1000',
      'template.template.containers: the limit on EnvVars across all containers is 1000',
    ]);
  });
});
