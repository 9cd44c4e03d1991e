import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath } from '../../../src/model/field-path.js';
import { placeInJson } from '../../../src/model/spec/json-places.js';
import { parseSpec, readJobs } from '../../../src/model/spec/read.js';
import { mutatedText, mutatedTree } from '../../support/mutations.js';

const fixture = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../../fixtures/specs', name), 'utf8');
const plan = fixture('odd/terraform-plan.json');
const several = fixture('../terraform/several.json');
const state = fixture('good/terraform-state.json');

const task = {
  containers: [
    {
      image: 'europe-docker.pkg.dev/acme-prod/etl/nightly:2.4.1',
      args: ['--since', '1d'],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'EMPTY' },
        { name: 'DB_PASSWORD', valueSource: { secretKeyRef: { secret: 'db-password', version: 'latest' } } },
        { name: 'DB_HOST' },
      ],
      resources: { limits: { cpu: '2', memory: '4Gi' } },
      volumeMounts: [{ name: 'work', mountPath: '/work' }],
    },
  ],
  volumes: [{ name: 'work', emptyDir: { medium: 'MEMORY', sizeLimit: '1Gi' } }],
  maxRetries: 0,
  timeout: '3600s',
  serviceAccount: 'etl@acme-prod.iam.gserviceaccount.com',
  vpcAccess: { egress: 'ALL_TRAFFIC', networkInterfaces: [{ network: 'default', subnetwork: 'default' }] },
};

test('a plan is the job that the provider would send, and what is known only later is said once', () => {
  const { jobs, problems } = readJobs('plan.json', plan);
  expect(jobs).toHaveLength(1);
  expect(jobs[0]).toMatchObject({ version: 'v2', id: 'nightly', project: 'acme-prod', location: 'europe-west1' });
  expect(jobs[0]?.job).toEqual({
    name: 'nightly',
    // With the labels that the provider adds.
    labels: { 'goog-terraform-provisioned': 'true', team: 'data' },
    template: { labels: { stage: 'prod' }, parallelism: 2, taskCount: 8, template: task },
  });
  expect(jobs[0]?.unknown?.map((at) => formatPath(at))).toEqual(['template.template.containers[0].env[3].value']);
  expect(problems).toEqual([
    expect.objectContaining({
      rule: 'known-after-apply',
      severity: 'warning',
      path: 'google_cloud_run_v2_job.nightly.template.template.containers[0].env[3].value',
      message: 'is known only after terraform apply, and empty here',
      fix: 'set it for a run: --update-env-vars DB_HOST=VALUE',
      location: expect.objectContaining({ line: 1, column: plan.indexOf('{"name":"DB_HOST"') + 1 }),
    }),
  ]);
});

test('a state is one, too: its empty texts and lists are unset fields', () => {
  const { jobs, problems } = readJobs('state.json', state);
  expect(problems).toEqual([]);
  expect(jobs[0]?.job).toEqual({
    name: 'nightly',
    labels: { 'goog-terraform-provisioned': 'true', team: 'data' },
    launchStage: 'GA',
    binaryAuthorization: { useDefault: true },
    template: {
      labels: { stage: 'prod' },
      ...{ parallelism: 2, taskCount: 8 },
      template: {
        ...task,
        containers: [
          {
            ...task.containers[0],
            env: [
              { name: 'A', value: '1' },
              {
                name: 'S',
                valueSource: { secretKeyRef: { secret: 'projects/acme-prod/secrets/s', version: 'latest' } },
              },
            ],
          },
        ],
        executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
        vpcAccess: undefined,
      },
    },
  });
});

test('all jobs of a plan are read: those of modules, of count and for_each, and those without a name yet', () => {
  const { jobs, problems } = readJobs('several.json', several);
  expect(jobs.map(({ id, location }) => [id, location])).toEqual([
    ['report', 'europe-west1'],
    [undefined, 'europe-west1'],
    ['etl', 'europe-west1'],
    ['etl', 'us-central1'],
  ]);
  expect(parseSpec('several.json', several).planned?.map(({ address }) => address)).toEqual([
    'google_cloud_run_v2_job.report[0]',
    'google_cloud_run_v2_job.suffixed',
    'google_cloud_run_v2_job.built',
    'module.jobs.google_cloud_run_v2_job.etl["eu"]',
    'module.jobs.google_cloud_run_v2_job.etl["us"]',
  ]);
  expect(problems).toEqual([
    expect.objectContaining({
      severity: 'error',
      path: 'google_cloud_run_v2_job.built.template.template.containers[0].image',
      message: 'is known only after terraform apply',
    }),
  ]);
});

test('what breaks a rule is named by its address and attribute, at its place in the file', () => {
  const wrong = plan.replace('"max_retries":0', '"max_retries":12').replace('"latest"', '"new est"');
  const { jobs, problems } = readJobs('plan.json', wrong);
  expect(jobs).toEqual([]);
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.map((one) => [one.path, one.location?.column])).toEqual([
    [
      'google_cloud_run_v2_job.nightly.template.template.containers[0].env[2].value_source.secret_key_ref.version',
      wrong.indexOf('"new est"') + 1,
    ],
    ['google_cloud_run_v2_job.nightly.template.template.max_retries', wrong.indexOf('12,"node_selector"') + 1],
  ]);
});

test('an attribute of a newer provider is left out with a warning, unless it is empty', () => {
  const newer = plan.replace('"max_retries":0', '"max_retries":0,"shiny":[{"on":true}],"dull":[],"off":false');
  const { jobs, problems } = readJobs('plan.json', newer);
  expect(jobs[0]?.job.template.template).toEqual(task);
  expect(problems.filter(({ rule }) => rule === 'ignored').map((one) => one.path)).toEqual([
    'google_cloud_run_v2_job.nightly.template.template.shiny',
  ]);
});

test('a plan without its configuration still says what no provider fills in', () => {
  const { configuration: _, ...rest } = JSON.parse(plan) as Record<string, unknown>;
  const { jobs } = readJobs('plan.json', JSON.stringify(rest));
  expect(jobs[0]?.unknown?.map((at) => formatPath(at))).toEqual(['template.template.containers[0].env[3].value']);
});

test.for<[what: string, text: string, message: string | RegExp, column: number]>([
  ['cut off', plan.slice(0, 900), /^this plan of Terraform is not valid JSON: /, 901],
  [
    'damaged',
    plan.replace('"type":"google', '"type":google'),
    /^this plan of Terraform is not valid JSON: Unexpected token 'g'$/,
    plan.indexOf('"type":"google') + 8,
  ],
  ['of a future format', plan.replace('"format_version":"1.2"', '"format_version":"2.0"'), /format_version 2\.0/, 1],
  ['of nothing', '{"format_version":"1.0"}', 'this output of Terraform has neither a plan nor a state', 1],
  [
    'without a job',
    plan.replaceAll('google_cloud_run_v2_job', 'google_x'),
    'this plan of Terraform has no google_cloud_run_v2_job; google_cloud_run_v2_service.web is not a job',
    1,
  ],
  [
    'that deletes the job',
    JSON.stringify({
      ...(JSON.parse(plan) as object),
      planned_values: { root_module: {} },
    }),
    'this plan of Terraform only deletes google_cloud_run_v2_job.nightly',
    1,
  ],
  [
    'in binary form',
    'PK\u0003\u0004\u0014\0\u0008\0\u0008\0tfplan\0\0',
    'this is a saved plan of Terraform, or another ZIP file',
    1,
  ],
  [
    'as people read it',
    'Terraform used the selected providers to generate\nthe following: x\n',
    /Terraform prints for people/,
    1,
  ],
  [
    'as a log',
    '{"@level":"info","@message":"a"}\n{"@level":"info","@message":"b"}\n',
    /the log of terraform plan -json/,
    1,
  ],
  [
    'as a state file',
    '{"version":4,"terraform_version":"1.9.8","resources":[]}',
    'this is a state file of Terraform',
    1,
  ],
])('a plan %s is refused in its own terms', ([, text, message, column]) => {
  const { jobs, problems } = readJobs('plan.json', text);
  expect(jobs).toEqual([]);
  expect(problems).toHaveLength(1);
  const [problem] = problems;
  expect(problem?.message).toMatch(message);
  expect(problem?.fix).toBeDefined();
  expect(problem?.location).toMatchObject({ line: 1, column });
});

test('a job that merely mentions a plan is a job', () => {
  const { jobs } = readJobs(
    'job.json',
    '{"name":"j","template":{"template":{"containers":[{"image":"i","args":["\\"format_version\\"", "\\"planned_values\\""]}]}}}',
  );
  expect(jobs).toHaveLength(1);
});

test('no damage of a plan is more than a problem', () => {
  const planned = (text: string): void => {
    const { problems } = readJobs('plan.json', text);
    expect(problems.every(({ message }) => message.length > 0)).toBe(true);
  };
  const tries = { numRuns: 20, seed: 4 };
  fc.assert(fc.property(mutatedText([plan, state]), planned), tries);
  fc.assert(
    fc.property(mutatedTree([plan, state, several]), (text) => planned(text)),
    tries,
  );
});

describe('the place of a value in JSON', () => {
  const json = ' {"a": [1, {"b\\"}": "x]\\\\", "c" :{"d": -1.5e3 }}, null], "e": []}';
  test.for<[at: (string | number)[], value: string | undefined]>([
    [[], json.trim()],
    [['a', 0], '1'],
    [['a', 1, 'b"}'], '"x]\\\\"'],
    [['a', 1, 'c', 'd'], '-1.5e3'],
    [['a', 2], 'null'],
    [['e'], '[]'],
    [['a', 3], undefined],
    [['e', 0], undefined],
    [['f'], undefined],
    [['a', 0, 'x'], undefined],
  ])('%j', ([at, value]) => {
    const place = placeInJson(json, at);
    expect(place && json.slice(place.start, place.end)).toBe(value);
  });
});
