import { expect, test } from 'vitest';
import type { ResourceV1 } from '../../src/model/v1/write.js';
import { cli, type Outcome } from '../support/io.js';

/** The parts of a v1 job that flags set. */
interface Shown {
  labels?: object;
  /** Of the job. */
  annotations?: object;
  /** Of its executions. */
  execution?: object;
  tasks?: number;
  nodeSelector?: object | undefined;
  containers?: object[];
  volumes?: object[];
}

const system = /^(run|cloud)\.googleapis\.com\/(creator|lastModifier|lastUpdatedTime|location|execution-environment)$/;
const own = (entries: object = {}): object =>
  Object.fromEntries(
    Object.entries(entries)
      .filter(([key]) => !system.test(key))
      .map(([key, value]) => [key.replace('run.googleapis.com/', ''), value as unknown]),
  );

function shown({ metadata, spec }: ResourceV1, wanted: Shown): Shown {
  const { template } = spec as { template: { metadata?: { annotations?: object; labels?: object }; spec: object } };
  const { taskCount, template: inner } = template.spec as { taskCount: number; template: { spec: Shown } };
  const { containers, volumes = [], nodeSelector } = inner.spec;
  const all = {
    labels: own(metadata.labels),
    annotations: own(metadata.annotations),
    execution: own(template.metadata?.annotations),
    tasks: taskCount,
    ...{ nodeSelector, containers, volumes },
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in wanted)) as Shown;
}

const splitLine = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));

/** Runs lines after the other, all of which but the last have to succeed. */
async function runLines(lines: string): Promise<{ last: Outcome; job: () => Promise<ResourceV1 | undefined> }> {
  const { run, file } = cli();
  file('no-equals.env', 'A=1\nB\n');
  file('yes.yaml', 'A: yes\n');
  let last: Outcome | undefined;
  for (const line of lines.split(' && ')) {
    if (last && last.code !== 0) throw new Error(last.stderr);
    const [track, ...words] = splitLine(line);
    last = await run(
      track === 'beta' || track === 'alpha' ? [track, 'jobs', ...words] : ['jobs', track ?? '', ...words],
    );
  }
  if (!last) throw new Error('no line');
  const job = async (): Promise<ResourceV1 | undefined> => {
    const { code, stdout } = await run('jobs describe j --format=json --api-version=v1');
    return code === 0 ? (JSON.parse(stdout) as ResourceV1) : undefined;
  };
  return { last, job };
}

const sql = (instances: string): Shown => ({ execution: { 'cloudsql-instances': instances }, volumes: [] });
const env = (...variables: object[]): Shown => ({ containers: [expect.objectContaining({ env: variables })] });
const container = (of: object): Shown => ({ containers: [expect.objectContaining(of)] });
const secret = (name: string, key: string): object => ({ name, valueFrom: { secretKeyRef: { name: 's', key } } });
const files = (secretName: string, ...items: [key: string, path: string][]): object =>
  expect.objectContaining({ secret: { secretName, items: items.map(([key, path]) => ({ key, path })) } });
const withGpu = '--image=i --cpu=4 --memory=16Gi --no-gpu-zonal-redundancy';
const connector = 'projects/p/locations/us-central1/connectors/c';

/**
 * Command lines, and what gcloud 578 makes of the job (observed: its requests to an API on loopback). `create` stands for
 * `create j --image=i` where nothing else follows.
 */
test.each<[lines: string, job: Shown]>([
  // The order of changes.
  ['create j --image=i --labels=a=b && update j --remove-labels=a --update-labels=a=z,c=d', { labels: { c: 'd' } }],
  ['create j --image=i --labels=a=b && update j --clear-labels --update-labels=c=d', { labels: { c: 'd' } }],
  [
    'create j --image=i --set-secrets=S=s:1 --set-env-vars=A=1,B=2 && update j --remove-env-vars=S,A',
    env({ name: 'B', value: '2' }, secret('S', '1')),
  ],
  [
    'create j --image=i --set-secrets=S=s:1 --set-env-vars=A=1 && update j --update-secrets=A=s:2 --remove-env-vars=A',
    env(secret('S', '1'), secret('A', '2')),
  ],
  ['create j --image=i --set-secrets=S=s:1 && update j --set-secrets=', env(secret('S', '1'))],
  ["create j --image=i --set-env-vars=A=1 && update j --remove-env-vars=' A'", container({ image: 'i' })],
  // Cloud SQL is an annotation, whatever is done with volumes; the last of several flags counts.
  ['create j --image=i --set-cloudsql-instances=p:r:a --set-cloudsql-instances=p:r:b', sql('p:r:b')],
  ['create j --image=i --set-cloudsql-instances=p:r:a,p:r:a', sql('p:r:a')],
  [
    'create j --image=i --set-cloudsql-instances=p:r:a && update j --add-cloudsql-instances=x --add-cloudsql-instances=b',
    sql('p:r:a,p:us-central1:b'),
  ],
  [
    'create j --image=i --set-cloudsql-instances=p:r:a,b && update j --remove-cloudsql-instances=p:r:a --remove-cloudsql-instances=b',
    sql('p:r:a'),
  ],
  ['create j --image=i --set-cloudsql-instances=p:r:a && update j --clear-volumes', sql('p:r:a')],
  ['create j --image=i --set-cloudsql-instances=p:r:a && update j --clear-volume-mounts', sql('p:r:a')],
  ['create j --image=i --set-cloudsql-instances=p:r:a && update j --container=b --image=x', sql('p:r:a')],
  ['create j --image=i --set-cloudsql-instances=p:r:a && update j --clear-cloudsql-instances', { execution: {} }],
  [
    'create j --image=i --set-cloudsql-instances=p:r:a && update j --add-volume=name=v,type=in-memory,mount-path=/v --update-secrets=/m/f=s:1',
    {
      execution: { 'cloudsql-instances': 'p:r:a' },
      volumes: [files('s', ['1', 'f']), { name: 'v', emptyDir: { medium: 'Memory' } }],
    },
  ],
  // Secrets as files: what is new comes first, in a volume that keeps its place.
  [
    'create j --image=i --set-secrets=/m/b=s:1 && update j --update-secrets=/m/a=s:2',
    { volumes: [files('s', ['2', 'a'], ['1', 'b'])] },
  ],
  [
    'create j --image=i --set-secrets=/m/a=s:1,/m/b=s:2 && update j --remove-secrets=/m/a',
    { volumes: [files('s', ['2', 'b'])] },
  ],
  [
    'create j --image=i --set-secrets=/m/a=s:1 && update j --update-secrets=/m/a=t:1,/m/b=t:2',
    { volumes: [files('t', ['1', 'a'], ['2', 'b'])] },
  ],
  [
    'create j --image=i --set-secrets=/m/a=s:1,/n/b=t:2 --add-volume=name=v,type=in-memory,mount-path=/v && update j --update-secrets=/m/a=s:5',
    {
      volumes: [files('s', ['5', 'a']), files('t', ['2', 'b']), expect.objectContaining({ name: 'v' })],
      containers: [
        expect.objectContaining({
          volumeMounts: ['/m', '/n', '/v'].map((mountPath) => expect.objectContaining({ mountPath })),
        }),
      ],
    },
  ],
  // Release tracks.
  ['beta create j --image=i', { annotations: { 'launch-stage': 'BETA' } }],
  ['create j --image=i && alpha update j', { annotations: { 'launch-stage': 'ALPHA' } }],
  ['beta create j --image=i && update j --tasks=2', { annotations: { 'launch-stage': 'BETA' }, tasks: 2 }],
  ['beta create j --image=i --sandbox-launcher --endpoint-mode=global', container({ sandboxLauncher: true })],
  [
    'beta create j --image=i --add-volume=name=a,type=ephemeral-disk,size=10Gi',
    { volumes: [{ name: 'a', emptyDir: { medium: 'Disk', sizeLimit: '10Gi' } }] },
  ],
  ['alpha create j --image=i --delay-execution --runtime=x', { annotations: { 'launch-stage': 'ALPHA' } }],
  [
    'alpha create j --image=i --add-volume=name=a,type=secret,secret=s,version=1,path=f',
    { volumes: [files('s', ['1', 'f'])] },
  ],
  // Values: lists, numbers, empty ones, and what looks like a flag.
  ['create j --image=i --args=a && update j --args=--', container({ image: 'i' })],
  ['create j --image=i --args=a,,b,', container({ args: ['a', '', 'b'] })],
  ['create j --image=i --args -', container({ args: ['-'] })],
  ['create j --image=i --args -5', container({ args: ['-5'] })],
  ["create j --image=i --args '-x y'", container({ args: ['-x y'] })],
  ["create j --image=i --args '--a b'", container({ args: ['--a b'] })],
  ["create j --image=i --args='^::^a::b,c'", container({ args: ['a', 'b,c'] })],
  ["create j --image=i --tasks=' 3' --region= --format=", { tasks: 3 }],
  ['create j --image=i --workdir=/w && update j --workdir=', container({ image: 'i' })],
  ['create j --container= --image=i', container({ image: 'i' })],
  ['create j --image=i && update j --container= --args=a', container({ args: ['a'] })],
  ['create j --image=i --depends-on=z', container({ image: 'i' })],
  ['create j --image=i --update-annotations=a=b', { annotations: {}, execution: {} }],
  [
    'create j --image=i --binary-authorization=default --breakglass=x && update j --breakglass=',
    { annotations: { 'binary-authorization': 'default' } },
  ],
  ['create j --image=i --binary-authorization=default && update j --binary-authorization=', { annotations: {} }],
  ['create j --image=i --client-name=c && update j', { annotations: {}, execution: { 'client-name': 'c' } }],
  // Networks.
  [
    'create j --image=i --vpc-connector=c --vpc-egress=all',
    { execution: { 'vpc-access-connector': 'c', 'vpc-access-egress': 'all-traffic' } },
  ],
  [
    `create j --image=i --vpc-connector=${connector} && update j --clear-vpc-connector --vpc-connector=d`,
    { execution: {} },
  ],
  [
    `create j --image=i --vpc-connector=${connector} && update j --clear-vpc-connector --vpc-egress=all-traffic`,
    { execution: {} },
  ],
  [
    'create j --image=i --network=n --subnet=s && update j --network=',
    { execution: { 'network-interfaces': '[{"subnetwork":"s"}]' } },
  ],
  ['create j --image=i --network=n --vpc-egress=all-traffic && update j --network=', { execution: {} }],
  // GPUs, of the kind that is taken where none is given.
  [`create j ${withGpu} --gpu=1`, { nodeSelector: { 'run.googleapis.com/accelerator': 'nvidia-l4' } }],
  ['create j --image=i --gpu=', { nodeSelector: undefined }],
  // Both at once is no mistake.
  [
    'create j --image=i --add-volume=name=m,type=in-memory && update j --clear-volumes --remove-volume=m',
    { volumes: [] },
  ],
  // Names and addresses.
  ['create j --image=i && update namespaces/p/jobs/j --tasks=2', { tasks: 2 }],
  [
    'create j --image=i && update https://run.googleapis.com/apis/run.googleapis.com/v1/namespaces/p/jobs/j --tasks=2',
    { tasks: 2 },
  ],
  [
    'create j --image=i && update https://us-central1-run.googleapis.com/apis/run.googleapis.com/v1/namespaces/p/jobs/j --tasks=2',
    { tasks: 2 },
  ],
  // What `list --uri` prints here.
  [
    'create j --image=i && update https://run.googleapis.com/v2/projects/p/locations/us-central1/jobs/j --tasks=2',
    { tasks: 2 },
  ],
])('%s', async (lines, wanted) => {
  const { last, job } = await runLines(lines);
  expect(last).toMatchObject({ code: 0, stdout: '' });
  expect(shown((await job()) as ResourceV1, wanted)).toEqual(wanted);
});

/** Command lines that gcloud 578 refuses, with its exit code. Nothing is made or changed. */
test.each<[lines: string, code: number, message: string]>([
  ...['--args -m,app', '--command -x', '--set-env-vars -A=1', '--args --image=x', '--filter -x', '--args -q'].map(
    (flag) =>
      [
        `${flag.startsWith('--filter') ? 'list' : 'create j --image=i'} ${flag}`,
        2,
        `${flag.split(' ')[0]}: expected one argument`,
      ] as [string, number, string],
  ),
  ...['--update-labels=a=b', '--remove-labels=a', '--clear-labels', '--clear-network', '--clear-network-tags'].map(
    (flag) => [`create j --image=i ${flag}`, 2, `unknown option '${flag.split('=')[0]}'`] as [string, number, string],
  ),
  ...[
    '--clear-vpc-connector',
    '--add-cloudsql-instances=p:r:a',
    '--clear-cloudsql-instances',
    '--remove-containers=a',
  ].map(
    (flag) => [`create j --image=i ${flag}`, 2, `unknown option '${flag.split('=')[0]}'`] as [string, number, string],
  ),
  ['deploy j --image=i --update-labels=a=b', 2, "unknown option '--update-labels'"],
  ['deploy j --image=i --clear-vpc-connector', 2, "unknown option '--clear-vpc-connector'"],
  ['create j --image=i --delay-execution', 2, "unknown option '--delay-execution'"],
  ['beta create j --image=i --delay-execution', 2, "unknown option '--delay-execution'"],
  ['create j --image=i --sandbox-launcher', 2, "unknown option '--sandbox-launcher'"],
  ['create k --image=i && execute k --async --delay-execution', 2, "unknown option '--delay-execution'"],
  ["create j --image=i --args='^^a,b'", 2, 'argument --args: Invalid delimiter'],
  ['create j --image=i --execute-now --no-async', 2, 'At most one of --async | '],
  [
    'create k --image=i && update k --add-cloudsql-instances=a --remove-cloudsql-instances=b',
    2,
    'At most one of --add-cloudsql',
  ],
  ['create j --image=i --env-vars-file=no-equals.env', 2, 'values must be strings. Found none for B'],
  ['create j --image=i --env-vars-file=yes.yaml', 2, 'values must be strings. Found yes for A'],
  ['create k --image=i && execute k --async --update-env-vars=X_GOOGLE_A=1', 2, 'names that begin with X_GOOGLE_'],
  [
    'create k --image=i --set-secrets=A=s:1 && execute k --async --update-env-vars=A=1',
    1,
    'environment variable [A] to string literal',
  ],
  ['create k --image=i && deploy k --tasks=2', 1, 'Missing required argument [--image]'],
  ['create j --container -a --image x', 1, 'Job [j] is invalid'],
  ['deploy j', 1, 'Missing required argument [--image]'],
  [
    'create k --image=i --add-volume=name=m,type=in-memory,mount-path=/m && update k --update-secrets=/m/f=s:1',
    1,
    'Cannot update mount [/m] because its mounted volume is of a different source type.',
  ],
  [
    'create k --image=i --set-secrets=A=s:1 && update k --update-env-vars=A=1 --remove-secrets=A',
    1,
    'variable [A] to string literal',
  ],
])('%s is refused', async (lines, code, message) => {
  const { last, job } = await runLines(lines);
  expect({ code: last.code, stdout: last.stdout }).toEqual({ code, stdout: '' });
  expect(last.stderr).toContain(message);
  expect(await job()).toBeUndefined();
});

test('a deployment of the same image is a new generation, and another update of the same is none', async () => {
  const { run } = cli();
  const generation = async (line: string): Promise<string> => {
    await run(line);
    return (await run('jobs describe j --format=value(generation)')).stdout;
  };
  const made = [];
  for (const line of ['create', 'deploy', 'update']) made.push(await generation(`jobs ${line} j --image=i`));
  made.push(await generation('jobs update j'));
  expect(made).toEqual(['1\n', '2\n', '3\n', '3\n']);
});
