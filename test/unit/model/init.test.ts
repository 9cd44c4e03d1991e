import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellWords } from '../../../src/model/init/compose.js';
import { instructionsOf } from '../../../src/model/init/dockerfile.js';
import { soundsSecret } from '../../../src/model/init/draft.js';
import { dockerBytes, fittedSize, sizeText } from '../../../src/model/init/sizes.js';
import { type JobSource, sourcesIn } from '../../../src/model/init/sources.js';
import { StatusError } from '../../../src/model/errors.js';
import type { JobInput } from '../../../src/model/schema/job.js';
import { readJobs } from '../../../src/model/spec/read.js';
import { mutatedText } from '../../support/mutations.js';

const directory = path.join(import.meta.dirname, '../../fixtures/init');
const fixture = (name: string): string => readFileSync(path.join(directory, name), 'utf8');

interface Around {
  variables?: Record<string, string>;
  files?: Record<string, string>;
}
const sources = (file: string, text: string, { variables = {}, files = {} }: Around = {}): JobSource[] =>
  sourcesIn(file, text, { directory: 'My Project', variables, read: (name) => files[name] });

/** The job.yaml of a source: its text, which has to be valid as it is, and the job in it. */
function made(
  all: readonly JobSource[],
  name: string,
): { text: string; job: JobInput; problems: string[]; runFlags: string[] } {
  const source = all.find((one) => one.name === name);
  if (!source) throw new Error(`no ${name} in ${all.map((one) => one.name).join(', ')}`);
  const draft = source.draft();
  const text = draft.toYaml(draft.id ?? 'job', ['head']);
  const { jobs, problems } = readJobs('job.yaml', text);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [spec] = jobs;
  if (!spec) throw new Error(text);
  return {
    text,
    job: spec.job,
    runFlags: draft.runFlags,
    problems: problems.map(({ path: at, message }) => `${at} ${message}`),
  };
}

/** What is said to be left out, without the reasons. */
const leftOut = (text: string): string[] =>
  [...text.matchAll(/^# - (.*?): (?=[a-z`A-Z])/gm)].map(([, what = '']) => what);

describe('a compose service', () => {
  const files = { 'etl.env': fixture('etl.env'), '.env': 'REGION=europe-west1\nUNUSED=1\n' };
  const all = sources('compose.yaml', fixture('compose.yaml'), { files, variables: { API_TOKEN: 'very-secret' } });

  test('is each service of the file', () => {
    expect(all.map(({ name, words }) => [name, words])).toEqual([
      ['etl', 'the service etl in compose.yaml'],
      ['two-secrets', 'the service two-secrets in compose.yaml'],
      ['db', 'the service db in compose.yaml'],
    ]);
  });

  test('keeps what a job has, too', () => {
    const { job, problems } = made(all, 'etl');
    expect(problems).toEqual([]);
    expect(job.template).toEqual({
      taskCount: 1,
      template: {
        maxRetries: 2,
        timeout: '600s',
        terminationGracePeriod: '90s',
        containers: [
          {
            image: 'acme-etl',
            command: ['python', '-m', 'etl'],
            args: ['--since', '1 day', '--cost', '$5'],
            workingDir: '/app',
            env: [
              { name: 'BATCH_SIZE', value: '500' },
              {
                name: 'DATABASE_PASSWORD',
                valueSource: { secretKeyRef: { secret: 'database-password', version: 'latest' } },
              },
              { name: 'LOG_LEVEL', value: 'debug' },
              { name: 'WORKERS', value: '4' },
              { name: 'DRY_RUN', value: 'true' },
              { name: 'REGION', value: 'europe-west1' },
              { name: 'API_TOKEN', valueSource: { secretKeyRef: { secret: 'api-token', version: 'latest' } } },
              { name: 'INLINE_PASSWORD', value: 'not-a-secret-any-more' },
            ],
            resources: { limits: { cpu: '2', memory: '6Gi' } },
            volumeMounts: [
              { name: 'db-password', mountPath: '/run/secrets' },
              { name: 'scratch', mountPath: '/scratch' },
              { name: 'lock', mountPath: '/run/lock' },
            ],
          },
        ],
        volumes: [
          {
            name: 'db-password',
            secret: { secret: 'db-password', items: [{ path: 'db_password', version: 'latest' }] },
          },
          { name: 'scratch', emptyDir: { medium: 'MEMORY', sizeLimit: '64Mi' } },
          { name: 'lock', emptyDir: { medium: 'MEMORY' } },
        ],
      },
    });
  });

  test('says where things are from and what is left out; values of secrets are nowhere', () => {
    const { text } = made(all, 'etl');
    expect(text).toMatch(/^# head\n/);
    expect(text).toContain('image: acme-etl # compose.yaml:8; docker compose build etl makes it\n');
    expect(text).toContain("cpu: '2' # compose.yaml:40: 0.5; what Cloud Run offers for that\n");
    expect(text).toContain('memory: 6Gi # compose.yaml:40: 6g\n');
    // Of two places the one that counts.
    expect(text).toMatch(/key: latest\n\s+# compose\.yaml:19\n\s+- name: LOG_LEVEL/);
    expect(text).not.toMatch(/hunter2|very-secret/);
    expect(text).not.toContain('counts as empty');
    expect(leftOut(text)).toEqual([
      'the variable PORT (compose.yaml:22)',
      'the variable FROM_SHELL (compose.yaml:26)',
      'the volume ./data:/data:ro (compose.yaml:29)',
      'the volume cache:/cache (compose.yaml:30)',
      'ports (compose.yaml:33)',
      'depends_on (compose.yaml:34)',
      'healthcheck (compose.yaml:35)',
      'user (compose.yaml:36)',
      'deploy.placement (compose.yaml:42)',
    ]);
  });

  test('with several secrets has a directory for each, since a mount has one', () => {
    const { job, text } = made(all, 'two-secrets');
    const { maxRetries, volumes, containers } = job.template.template;
    expect({ maxRetries, volumes, mounts: containers[0]?.volumeMounts }).toEqual({
      maxRetries: 0,
      volumes: [
        { name: 'db-password', secret: { secret: 'db-password', items: [{ path: 'password', version: 'latest' }] } },
        { name: 'api-key', secret: { secret: 'api-key', items: [{ path: 'api_key', version: 'latest' }] } },
      ],
      mounts: [
        { name: 'db-password', mountPath: '/run/secrets/password' },
        { name: 'api-key', mountPath: '/run/secrets/api_key' },
      ],
    });
    expect(text).toContain('so the file is /run/secrets/password/password here');
  });

  test('takes a variable of the shell by its name only, and as a secret if it sounds like one', () => {
    const { job } = made(all, 'db');
    expect(job.template.template.containers[0]?.env).toEqual([
      { name: 'POSTGRES_DB', value: 'etl' },
      { name: 'POSTGRES_PASSWORD', valueSource: { secretKeyRef: { secret: 'postgres-password', version: 'latest' } } },
    ]);
  });

  test('says which variables are not set, unless their values are not copied anyway', () => {
    const compose = 'services: {s: {image: i, environment: {A: $NOPE, MY_TOKEN: $NOR_THIS}}}';
    const { text } = made(sources('compose.yaml', compose), 's');
    expect(text.match(/^# \$.*$/gm)).toEqual(['# $NOPE is set neither in the shell nor in .env, and counts as empty.']);
  });

  test.for<[text: string, filled: string]>([
    ['$A-${A}', 'a-a'],
    ['${U:-x}${U-y}${E:-z}${E-w}', 'xyz'],
    ['${A:+set}${U:+set}${A?no}', 'seta'],
    ['$$A ${U}', '$A '],
    ['${U:-${A}}${U:-$A}${U-${E:-${A:+b}}}${A:+$A$$}', 'aaba$'],
  ])('fills in %j', ([text, filled]) => {
    const compose = `services: {s: {image: i, working_dir: ${JSON.stringify(`/${text}`)}}}`;
    const { job } = made(sources('compose.yaml', compose, { variables: { A: 'a', E: '' } }), 's');
    expect(job.template.template.containers[0]?.workingDir).toBe(`/${filled}`);
  });
});

test('no field of a compose service has the value of a secret, wherever it comes from', () => {
  const compose = `services:
  s:
    image: i
    command: [--token=$API_TOKEN, '--db', '\${DSN_OF_DB:-x}', "\${U:-$API_TOKEN}", $A, "pg://u:$PHRASE@h"]
    working_dir: /\${DB_PASSWORD}
    env_file: s.env
    environment:
      DATABASE_URL: postgres://app:$DB_PASSWORD@db/app
      OTHER_URL: postgres://app:$PHRASE@db/app
      OPTIONS: --password \${U:-$DB_PASSWORD}
      PGPASSWORD: $PHRASE
      LITERAL_URL: postgres://app:app@db/app
      MODE: \${MODE:-\${A}}
      SHELL_URL:
    volumes: ['./$DB_PASSWORD:/x']
`;
  const files = {
    '.env': 'DB_PASSWORD=hunter2\nPHRASE=hunter3\n',
    's.env': 'REDIS_URL=redis://:hunter4@cache\nKEY1="-----BEGIN PRIVATE KEY-----"\nCACHE_URL=redis://cache\n',
  };
  const variables = { API_TOKEN: 'hunter5', A: 'a', DSN_OF_DB: 'x://u:hunter6@h', SHELL_URL: 'https://u:hunter7@h' };
  const { text, job } = made(sources('compose.yaml', compose, { files, variables }), 's');
  expect(text).not.toMatch(/hunter|BEGIN/);
  const [container] = job.template.template.containers;
  expect(container?.args).toEqual([
    '--token=${API_TOKEN}',
    '--db',
    '${DSN_OF_DB}',
    '${API_TOKEN}',
    'a',
    'pg://u:$PHRASE@h',
  ]);
  expect(Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))).toEqual({
    ...{ REDIS_URL: undefined, KEY1: undefined, CACHE_URL: 'redis://cache' },
    ...{ DATABASE_URL: undefined, OTHER_URL: undefined, OPTIONS: undefined, PGPASSWORD: undefined },
    ...{ LITERAL_URL: 'postgres://app:app@db/app', MODE: 'a', SHELL_URL: undefined },
  });
  expect(text).toContain('# The value of $API_TOKEN is not copied');
  expect(text).not.toContain('counts as empty');
});

describe('a manifest of Kubernetes', () => {
  const all = sources('k8s.yaml', fixture('cronjob.yaml'));

  test('becomes a job with the same tasks', () => {
    expect(all.map(({ words }) => words)).toEqual(['the CronJob nightly in k8s.yaml']);
    const { job, problems } = made(all, 'nightly');
    expect(problems).toEqual([]);
    expect(job).toEqual({
      labels: { team: 'data' },
      template: {
        labels: { stage: 'prod' },
        taskCount: 20,
        parallelism: 5,
        template: {
          maxRetries: 10,
          timeout: '3600s',
          terminationGracePeriod: '30s',
          containers: [
            {
              name: 'etl',
              image: 'registry.example/etl:2.4',
              command: ['python', '-m', 'etl'],
              args: ['--shard=$(JOB_COMPLETION_INDEX)'],
              workingDir: '/app',
              env: [
                { name: 'LOG_LEVEL', value: 'info' },
                { name: 'settings.toml', value: 'retries = 3\n' },
                { name: 'PLAIN', value: '1' },
                { name: 'DB_PASSWORD', valueSource: { secretKeyRef: { secret: 'db-password', version: 'latest' } } },
              ],
              resources: { limits: { cpu: '2', memory: '3Gi' } },
              volumeMounts: [
                { name: 'work', mountPath: '/work' },
                { name: 'tls', mountPath: '/etc/tls' },
                { name: 'settings', mountPath: '/etc/etl' },
                { name: 'bucket', mountPath: '/bucket' },
              ],
            },
            {
              name: 'proxy',
              image: 'registry.example/proxy:1',
              resources: { limits: { cpu: '100m', memory: '64Mi' } },
              startupProbe: { periodSeconds: 2, httpGet: { path: '/ready', port: 9090 } },
            },
          ],
          volumes: [
            { name: 'work', emptyDir: { medium: 'MEMORY', sizeLimit: '1Gi' } },
            { name: 'tls', secret: { secret: 'tls-tls-crt', items: [{ path: 'server.crt', version: 'latest' }] } },
            {
              name: 'settings',
              secret: { secret: 'etl-config-settings-toml', items: [{ path: 'settings.toml', version: 'latest' }] },
            },
            { name: 'bucket', gcs: { bucket: 'acme-data' } },
          ],
        },
      },
    });
  });

  test('says what is left out, and what means something else', () => {
    const { text } = made(all, 'nightly');
    expect(text).toContain(
      'maxRetries: 10 # k8s.yaml:24: backoffLimit; Cloud Run has at most 10; it counts for each task here',
    );
    expect(text).toContain('Cloud Run does not fill in $(JOB_COMPLETION_INDEX)');
    expect(leftOut(text).map((what) => what.replace(/ \(.*\)$/, ''))).toEqual([
      'the schedule 0 3 * * * in Europe/Berlin',
      'concurrencyPolicy',
      'the label app.kubernetes.io/name',
      'namespace of metadata',
      'the service account etl',
      'the volume data',
      'the init container migrate',
      'the variables of the Secret elsewhere',
      'the variable MODE',
      'the variable JOB_COMPLETION_INDEX',
      'the variable NODE',
      'livenessProbe',
      'ports',
      'completionMode',
      'ttlSecondsAfterFinished',
      'restartPolicy',
      'nodeSelector',
    ]);
  });

  test('may be a List, as kubectl prints it', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [batch('a'), { apiVersion: 'v1', kind: 'Pod' }, batch('b')] };
    const found = sources('list.json', JSON.stringify(list));
    expect(found.map(({ words }) => words)).toEqual(['the Job a in list.json', 'the Job b in list.json']);
    expect(made(found, 'b').job.template.template.containers[0]?.image).toBe('b:1');
  });
});

const batch = (name: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { template: { spec: { containers: [{ name: 'c', image: `${name}:1` }] } } },
});

test('a Dockerfile becomes a job of its image, whose last stage says what runs', () => {
  const all = sources('Dockerfile', fixture('Dockerfile'));
  const { text, job, runFlags } = made(all, 'my-project');
  expect(job.template.template.containers).toEqual([
    { image: 'my-project', resources: { limits: { cpu: '1', memory: '512Mi' } } },
  ]);
  expect(runFlags).toEqual(['--build', '.']);
  expect(text).toContain('image: my-project # --build builds it; to deploy');
  const other = made(sources('docker/etl.Dockerfile', fixture('Dockerfile')), 'my-project');
  expect(other.text).toContain('# docker build -t my-project -f docker/etl.Dockerfile docker makes it;');
  expect(other.runFlags).toEqual([]);
  expect(text).toContain(
    '# It runs ENTRYPOINT ["python", "-m",             "etl"] (Dockerfile:17) and CMD --since yesterday (Dockerfile:19);',
  );
  expect(leftOut(text)).toEqual([
    'EXPOSE 8080 (Dockerfile:14)',
    'VOLUME /data (Dockerfile:15)',
    'HEALTHCHECK CMD true (Dockerfile:16)',
  ]);
});

test('instructions of a Dockerfile: other escapes, comments within, here-documents', () => {
  const windows = '# escape=`\nFROM x\nRUN a `\n  # not this\n\n  b\nCMD c\n';
  expect(instructionsOf(windows).map(({ name, text, line }) => [name, text, line])).toEqual([
    ['FROM', 'x', 2],
    ['RUN', 'a   b', 3],
    ['CMD', 'c', 7],
  ]);
  const here = 'FROM x\nCOPY <<a <<"b" /\nCMD 1\na\nCMD 2\nb\nCMD 3\n';
  expect(instructionsOf(here).map(({ text }) => text)).toEqual(['x', '<<a <<"b" /', '3']);
});

describe('a plan of Terraform', () => {
  const plan = (name: string): string => readFileSync(path.join(directory, '..', name), 'utf8');

  test('becomes its job, with what is known only later left out', () => {
    const text = plan('specs/odd/terraform-plan.json');
    const { job, text: yaml } = made(sources('plan.json', text), 'nightly');
    const [planned] = readJobs('plan.json', text).jobs;
    expect(job.template).toEqual(planned?.job.template);
    expect(job.labels).toEqual({ team: 'data' });
    expect(leftOut(yaml)).toEqual([
      'the label goog-terraform-provisioned',
      'template.template.containers[0].env[DB_HOST].value (plan.json:1)',
    ]);
  });

  test('gives no secret away: neither what Terraform marks as sensitive nor what looks like a secret', () => {
    const tree = JSON.parse(plan('specs/odd/terraform-plan.json')) as {
      planned_values: { root_module: { resources: { address: string; values: unknown; sensitive_values: unknown }[] } };
    };
    const resource = tree.planned_values.root_module.resources.find(({ address }) => address.endsWith('job.nightly'));
    const values = resource?.values as {
      template: [{ template: [{ containers: [{ args: string[]; env: { name: string; value: string }[] }] }] }];
    };
    const [container] = values.template[0].template[0].containers;
    container.args = ['--key', 'hunter1'];
    container.env.push({ name: 'MARKED', value: 'hunter2' }, { name: 'API_TOKEN', value: 'hunter3' });
    const env = container.env.map(({ name }) => (name === 'MARKED' ? { value: true } : {}));
    const containers = [{ args: [false, true], env }];
    if (resource) resource.sensitive_values = { template: [{ template: [{ containers }] }] };
    const { text, job } = made(sources('plan.json', JSON.stringify(tree)), 'nightly');
    expect(text).not.toContain('hunter');
    const [{ args, env: variables = [] } = {}] = job.template.template.containers;
    expect(args).toBeUndefined();
    expect(variables.map(({ name, value, valueSource }) => [name, value ?? valueSource?.secretKeyRef?.secret])).toEqual(
      [
        ...[
          ['LOG_LEVEL', 'info'],
          ['EMPTY', undefined],
          ['DB_PASSWORD', 'db-password'],
          ['DB_HOST', undefined],
        ],
        ...[
          ['MARKED', 'marked'],
          ['API_TOKEN', 'api-token'],
        ],
      ],
    );
    expect(leftOut(text)).toContain('template.template.containers[0].args (plan.json:1)');
  });

  test('has its jobs by name, or by address where names are not unique', () => {
    const all = sources('plan.json', plan('terraform/several.json'));
    expect(all.map(({ name }) => name)).toEqual([
      'report',
      'google_cloud_run_v2_job.suffixed',
      'built',
      'module.jobs.google_cloud_run_v2_job.etl["eu"]',
      'module.jobs.google_cloud_run_v2_job.etl["us"]',
    ]);
    expect(made(all, 'google_cloud_run_v2_job.suffixed').text).toContain('name: suffixed\n');
    expect(() => made(all, 'built')).toThrow('plan.json cannot be read:');
  });
});

test.for<[what: string, text: string, message: RegExp]>([
  ['a job spec', 'apiVersion: run.googleapis.com/v1\nkind: Job\n', /is a job spec already/],
  ['a job spec in v2', 'name: x\ntemplate: {}\n', /is a job spec already/],
  ['a service', 'apiVersion: serving.knative.dev/v1\nkind: Service\n', /is a service, which answers requests/],
  ['text', 'hello\n', /nothing that a job can be made of/],
  ['nothing', '', /nothing that a job can be made of/],
  ['broken YAML', 'services:\n  a: {image: [}\n', /cannot be read/],
  ['too many aliases', 'services: &a\n  x: [*a, *a]\n', /x\.yaml is larger, or nested deeper, than can be read\./],
])('%s is refused', ([, text, message]) => {
  expect(() => sources('x.yaml', text)).toThrow(StatusError);
  expect(() => sources('x.yaml', text)).toThrow(message);
});

test('control characters and line breaks of a source end up in no comment', () => {
  const compose = 'services: {s: {image: i, "bad\\e[31m\\nkey: 1 #": x, volumes: ["./a\\nb:/x"]}}';
  const { text } = made(sources('compose.yaml', compose), 's');
  expect(text.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(5);
  expect(text).not.toContain('\u001B');
  expect(text).toContain('# - the volume ./a b:/x');
});

test('whatever a source says, a job of it is YAML, or the source is refused', () => {
  const texts = ['compose.yaml', 'cronjob.yaml', 'Dockerfile'].map(fixture);
  let readable = 0;
  fc.assert(
    fc.property(mutatedText(texts), (text) => {
      try {
        for (const source of sources(text.startsWith('# syntax') ? 'Dockerfile' : 'x.yaml', text)) {
          const yaml = source.draft().toYaml('job', ['head']);
          const { problems } = readJobs('job.yaml', yaml);
          expect(problems.filter(({ rule }) => rule === 'syntax' || rule === 'one-job')).toEqual([]);
          readable++;
        }
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
      }
    }),
    { numRuns: 30, seed: 11 },
  );
  expect(readable).toBeGreaterThan(10);
});

test.for<[asked: Parameters<typeof fittedSize>[0], main: boolean, cpu: string, memory: string]>([
  [{}, true, '1', '512Mi'],
  [{ cpu: 0.25 }, true, '1', '512Mi'],
  [{ cpu: 0.25, memory: 64 * 2 ** 20 }, false, '250m', '64Mi'],
  [{ cpu: 3 }, true, '4', '2Gi'],
  [{ memory: 5 * 2 ** 30 }, true, '2', '5Gi'],
  [{ cpu: 7, memory: 2 ** 30 }, true, '8', '4Gi'],
  [{ cpu: 64, memory: 2 ** 40 }, true, '8', '32Gi'],
  [{ memory: 700_000_000 }, true, '1', '668Mi'],
])('%j of a main container (%s) is %s CPUs and %s', ([asked, main, cpu, memory]) => {
  expect(sizeText(fittedSize(asked, main))).toEqual({ cpu, memory });
});

test('sizes as docker writes them', () => {
  const sizes = ['512m', '1.5GB', '64', '2k', '1gib', 'x', ''].map(dockerBytes);
  expect(sizes).toEqual([512 * 2 ** 20, 1.5 * 2 ** 30, 64, 2048, 2 ** 30, undefined, undefined]);
});

test('words of a command', () => {
  expect(shellWords(String.raw`a "b \"c" 'd e'f\ g  "" h\\`)).toEqual(['a', 'b "c', 'd ef g', '', 'h\\']);
});

test('names that sound like secrets', () => {
  const names = [
    ...['DB_PASSWORD', 'API_KEY', 'apikey', 'GH_TOKEN', 'SECRET', 'AWS_SECRET_ACCESS_KEY', 'SENTRY_DSN', 'PGPASSWORD'],
    ...['accessToken', 'PASSWORD2', 'GITHUB_PAT', 'SLACK_WEBHOOK_URL', 'STORAGE_CONNECTION_STRING', 'KEY_PASSPHRASE'],
  ];
  expect(names.filter((name) => !soundsSecret(name))).toEqual([]);
  const others = ['KEYBOARD', 'PASSENGERS', 'TOKEN_COUNT', 'SECRET_NAME', 'PUBLIC_KEY', 'PASSWORD_FILE', 'MONKEY'];
  expect(others.filter(soundsSecret)).toEqual([]);
});
