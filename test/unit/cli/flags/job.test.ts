import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { type JobEdit, jobFromFlags, readJobEdit, withJobFlags } from '../../../../src/cli/flags/job/edit.js';
import { headings } from '../../../../src/cli/flags/flag.js';
import { jobFlags } from '../../../../src/cli/flags/job/job.js';
import type { Output } from '../../../../src/cli/io.js';
import { fieldsWithEffect } from '../../../../src/model/field-effects.js';
import type { Container, Volume } from '../../../../src/model/schema/container.js';
import type { JobInput } from '../../../../src/model/schema/job.js';
import { jobInput, parent } from '../../../support/jobs.js';
import { tempDirectory } from '../../../support/temp.js';

/** What is said on stderr. */
let said = '';
const err = { write: (text: string) => void (said += text) } as Output;

async function edit(argv: readonly string[], cwd = '/'): Promise<JobEdit> {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  for (const flag of jobFlags('update', 'ALPHA')) command.addOption(flag);
  return readJobEdit(command.parse([...argv], { from: 'user' }).opts(), { cwd, variables: { OUTER: 'x' }, err });
}

const changed = async (job: JobInput, ...argv: string[]): Promise<JobInput> =>
  withJobFlags(job, await edit(argv), parent);
const created = async (...argv: string[]): Promise<JobInput> => jobFromFlags(await edit(argv), parent);

/** What is left of a value in JSON. */
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const task = (job: JobInput) => json(job.template.template) as JobInput['template']['template'];
const containers = (job: JobInput): Container[] => task(job).containers;
const only = (job: JobInput): Container => containers(job)[0] as Container;
const oneOf = (container: Partial<Container>, volumes?: Volume[]): JobInput =>
  jobInput({}, { containers: [{ image: 'i', ...container }], ...(volumes && { volumes }) });
const several = (): JobInput =>
  jobInput(
    {},
    {
      containers: [
        { name: 'main', image: 'i', dependsOn: ['side'] },
        { name: 'side', image: 's' },
      ],
    },
  );

describe('flags of the job', () => {
  test.each<[argv: string[], job: object]>([
    [['--tasks=3', '--parallelism=0'], { template: { taskCount: 3, parallelism: 0 } }],
    [['--max-retries=0', '--task-timeout=1h30m'], { template: { template: { maxRetries: 0, timeout: '5400s' } } }],
    [
      ['--service-account=a@b.c', '--key=k'],
      { template: { template: { serviceAccount: 'a@b.c', encryptionKey: 'k' } } },
    ],
    [
      ['--execution-environment=gen1'],
      { template: { template: { executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN1' } } },
    ],
    [
      ['--client-name=c', '--client-version=1'],
      { client: 'c', clientVersion: '1', template: { client: 'c', clientVersion: '1' } },
    ],
    [['--binary-authorization=default'], { binaryAuthorization: { useDefault: true } }],
    [
      ['--binary-authorization=p', '--breakglass=why'],
      { binaryAuthorization: { policy: 'p', breakglassJustification: 'why' } },
    ],
    [['--gpu-type=nvidia-l4'], { template: { template: { nodeSelector: { accelerator: 'nvidia-l4' } } } }],
    [['--no-gpu-zonal-redundancy'], { template: { template: { gpuZonalRedundancyDisabled: true } } }],
    [['--gpu-zonal-redundancy'], { template: { template: { gpuZonalRedundancyDisabled: false } } }],
    [['--delay-execution'], { template: { delayExecution: true } }],
  ])('%j', async (argv, job) => {
    expect(json(await changed(jobInput(), ...argv))).toMatchObject(job);
  });

  test('leave alone what they do not name', async () => {
    const job = { ...several(), labels: { a: 'b' }, client: 'x' };
    expect(json(await changed(job))).toEqual(json(job));
  });

  test('change labels of the job and of its executions', async () => {
    const job = { ...jobInput({ labels: { a: '1', t: '2' } }), labels: { a: '1', b: '2' } };
    const labels = async (...argv: string[]): Promise<unknown> => {
      const { labels: own, template } = await changed(job, ...argv);
      return [own, template.labels];
    };
    const both = (of: object): object[] => [of, of];
    expect(await labels('--labels=b=3,c=4')).toEqual(both({ a: '1', b: '3', c: '4' }));
    expect(await labels('--remove-labels=a,zz', '--update-labels=c=4')).toEqual(both({ b: '2', c: '4' }));
    // Nothing to change, nothing to copy.
    expect(await labels('--labels=b=2')).toEqual([job.labels, job.template.labels]);
    expect(await labels('--clear-labels', '--update-labels=c=4')).toEqual([{ c: '4' }, { c: '4' }]);
  });

  test('change the way into a VPC', async () => {
    const access = async (job: JobInput, ...argv: string[]) => task(await changed(job, ...argv)).vpcAccess;
    const connected = jobInput({}, { vpcAccess: { connector: 'c', egress: 'ALL_TRAFFIC' } });
    expect(await access(jobInput(), '--vpc-connector=c', '--vpc-egress=private-ranges-only')).toEqual({
      connector: 'c',
      egress: 'PRIVATE_RANGES_ONLY',
    });
    expect(await access(connected, '--vpc-egress=all')).toEqual({ connector: 'c', egress: 'ALL_TRAFFIC' });
    expect(await access(connected, '--clear-vpc-connector')).toBeUndefined();
    expect(await access(connected, '--clear-vpc-connector', '--network=n', '--vpc-egress=all-traffic')).toEqual({
      networkInterfaces: [{ network: 'n' }],
    });
    const direct = jobInput({}, { vpcAccess: { networkInterfaces: [{ network: 'n', tags: ['t'] }] } });
    expect(await access(direct, '--subnet=s')).toEqual({
      networkInterfaces: [{ network: 'n', subnetwork: 's', tags: ['t'] }],
    });
    expect(await access(direct, '--clear-network-tags')).toEqual({ networkInterfaces: [{ network: 'n' }] });
    expect(await access(direct, '--clear-network')).toBeUndefined();
  });

  test('change Cloud SQL instances, which all containers see', async () => {
    const first = await changed(several(), '--set-cloudsql-instances=db,p2:r2:other');
    expect(task(first).volumes).toEqual([
      { name: 'cloudsql', cloudSqlInstance: { instances: ['p:us-central1:db', 'p2:r2:other'] } },
    ]);
    const mount = [{ name: 'cloudsql', mountPath: '/cloudsql' }];
    expect(containers(first).map(({ volumeMounts }) => volumeMounts)).toEqual([mount, mount]);
    const second = await changed(
      await changed(first, '--add-cloudsql-instances=db3'),
      '--remove-cloudsql-instances=db',
    );
    expect(task(second).volumes?.[0]?.cloudSqlInstance?.instances).toEqual(['p2:r2:other', 'p:us-central1:db3']);
    expect(containers(second)[0]?.volumeMounts).toEqual(mount);
    const third = await changed(second, '--clear-cloudsql-instances');
    expect(task(third)).toEqual(task(several()));
    await expect(changed(jobInput(), '--set-cloudsql-instances=a:b')).rejects.toThrow(
      'Malformed CloudSQL instance string: a:b',
    );
  });

  test('forget the kind of GPU with the last GPU', async () => {
    const job = jobInput(
      {},
      {
        containers: [{ image: 'i', resources: { limits: { 'nvidia.com/gpu': '1', cpu: '4' } } }],
        nodeSelector: { accelerator: 'nvidia-l4' },
        gpuZonalRedundancyDisabled: true,
      },
    );
    expect(task(await changed(job, '--tasks=2'))).toMatchObject({ nodeSelector: {}, gpuZonalRedundancyDisabled: true });
    expect(task(await changed(job, '--gpu=0'))).toEqual({
      containers: [{ image: 'i', resources: { limits: { cpu: '4' } } }],
    });
  });
});

describe('flags of a container', () => {
  test.each<[argv: string[], container: object]>([
    [['--command=a,b', '--args=--x,1'], { command: ['a', 'b'], args: ['--x', '1'] }],
    [['--command=', '--args='], { command: [], args: [] }],
    [['--workdir=/w'], { workingDir: '/w' }],
    [['--memory=1Gi', '--cpu=', '--gpu=1'], { resources: { limits: { memory: '1Gi', 'nvidia.com/gpu': '1' } } }],
    [['--sandbox-launcher'], { sandboxLauncher: true }],
    [
      ['--startup-probe=httpGet.port=80,httpGet.path=/h,periodSeconds=2'],
      { startupProbe: { httpGet: { port: 80, path: '/h' }, periodSeconds: 2 } },
    ],
    [['--startup-probe=grpc.service=s'], { startupProbe: { grpc: { service: 's' } } }],
  ])('%j', async (argv, container) => {
    expect(only(await changed(jobInput(), ...argv))).toMatchObject(container);
  });

  test('take a startup probe away', async () => {
    expect(only(await changed(oneOf({ startupProbe: { tcpSocket: { port: 1 } } }), '--startup-probe='))).toEqual({
      image: 'i',
    });
  });

  const variables = [
    { name: 'A', value: '1' },
    { name: 'S', valueSource: { secretKeyRef: { secret: 's', version: '1' } } },
    { name: 'B', value: '2' },
  ];
  const [A, S, B] = variables;

  test.each<[argv: string[], env: unknown[]]>([
    [['--set-env-vars=C=3'], [S, { name: 'C', value: '3' }]],
    [['--set-env-vars='], variables],
    [['--update-env-vars=A=9,C=3'], [{ name: 'A', value: '9' }, S, B, { name: 'C', value: '3' }]],
    [
      ['--remove-env-vars=A,zz', '--update-env-vars=B='],
      [S, { name: 'B', value: '' }],
    ],
    [['--clear-env-vars'], [S]],
    [['--remove-env-vars=S,A'], [S, B]],
    [
      ['--update-secrets=T=t:latest', '--remove-secrets=S'],
      [A, B, { name: 'T', valueSource: { secretKeyRef: { secret: 't', version: 'latest' } } }],
    ],
    [['--set-secrets=T=t:5'], [A, B, { name: 'T', valueSource: { secretKeyRef: { secret: 't', version: '5' } } }]],
    [['--clear-secrets'], [A, B]],
    [
      ['--clear-env-vars', '--update-secrets=A=t:1'],
      [S, { name: 'A', valueSource: { secretKeyRef: { secret: 't', version: '1' } } }],
    ],
  ])('%j changes variables', async (argv, env) => {
    expect(only(await changed(oneOf({ env: variables }), ...argv)).env).toEqual(env);
  });

  test('do not put a literal in the place of a secret, or a secret in that of a literal', async () => {
    const job = oneOf({ env: variables });
    await expect(changed(job, '--update-env-vars=S=1')).rejects.toThrow(
      'Cannot update environment variable [S] to string literal because it has already been set with a different type.',
    );
    await expect(changed(job, '--update-secrets=A=s:1')).rejects.toThrow(
      'Cannot update environment variable [A] to the given type because it has already been set with a different type.',
    );
  });

  test('mount volumes and take mounts away', async () => {
    const mounts = [
      { name: 'a', mountPath: '/a' },
      { name: 'b', mountPath: '/b' },
    ];
    const mounted = async (...argv: string[]): Promise<unknown> =>
      only(await changed(oneOf({ volumeMounts: mounts }), ...argv)).volumeMounts;
    expect(
      await mounted('--add-volume-mount=volume=c,mount-path=/a', '--add-volume-mount=volume=d,mount-path=/d'),
    ).toEqual([
      { name: 'c', mountPath: '/a' },
      { name: 'b', mountPath: '/b' },
      { name: 'd', mountPath: '/d' },
    ]);
    expect(await mounted('--remove-volume-mount=/a,/zz')).toEqual([{ name: 'b', mountPath: '/b' }]);
    expect(await mounted('--clear-volume-mounts', '--add-volume-mount=volume=d,mount-path=/d')).toEqual([
      { name: 'd', mountPath: '/d' },
    ]);
  });
});

describe('--env-vars-file', () => {
  const variables = async (name: string, text: string): Promise<unknown> => {
    const directory = tempDirectory();
    writeFileSync(path.join(directory, name), text);
    const job = jobFromFlags(await edit(['--image=i', `--env-vars-file=${name}`], directory), parent);
    return only(job).env?.map(({ name: variable, value }) => `${variable}=${value}`);
  };

  test('takes YAML, JSON and .env', async () => {
    expect(await variables('env.yaml', 'A: "1"\nB: x=y, z\nC: e3\n__proto__: p\n')).toEqual([
      ...['A=1', 'B=x=y, z', 'C=e3', '__proto__=p'],
    ]);
    expect(await variables('env.json', '{"A": "1"}')).toEqual(['A=1']);
    const dotenv =
      '# comment\nexport A=1\nB="two words"\nC=\'$A ${A}\'\nD=${A}/${NONE:-unset}${OUTER}${HOME}\n__proto__=y';
    expect(await variables('test.env', dotenv)).toEqual(['A=1', 'B=two words', 'C=$A 1', 'D=1/unsetx', '__proto__=y']);
  });

  test.each<[name: string, text: string, message: string]>([
    ['e.yaml', 'A: 1\n', 'Environment variable values must be strings. Found 1 for A'],
    ['e.yaml', 'A: e3\nB: yes\n', 'Environment variable values must be strings. Found yes for B'],
    ['e.yaml', 'A:\n', 'Environment variable values must be strings. Found null for A'],
    ['e.yaml', 'A: a\nA: b\n', 'Failed to parse YAML from [e.yaml]'],
    ['e.yaml', '- A\n', 'Invalid YAML/JSON data in [e.yaml], expected map-like data.'],
    ['e.yaml', 'A: [', 'Failed to parse YAML from [e.yaml]'],
    ['e.env', 'A=1\nNOEQ\n', 'Environment variable values must be strings. Found none for NOEQ in [e.env]'],
    ['e.env', "'A=B'=1\n", 'the name [A=B] of a variable in [e.env] is invalid'],
    ['e.yaml', 'X_GOOGLE_A: "1"', 'the name [X_GOOGLE_A] of a variable in [e.yaml] is invalid'],
  ])('refuses %s with %j', async (name, text, message) => {
    await expect(variables(name, text)).rejects.toThrow(message);
  });

  test('what cannot be read of a .env file is reported', async () => {
    said = '';
    expect(await variables('e.env', 'A=1\n\n=v\nB="x" y\nC=pa#ss\n')).toEqual(['A=1', 'C=pa#ss']);
    expect(said).toBe('WARNING: e.env: skipped unreadable line 3, 4\n');
  });

  test('that is not there is reported', async () => {
    await expect(created('--image=i', '--env-vars-file=/none.yaml')).rejects.toThrow(
      'File [/none.yaml] does not exist.',
    );
  });
});

describe('--env-file', () => {
  const files = {
    vars: 'A=1\nB=${OUTER}\n',
    '.env.local': 'B="2"\nC=\n',
    'vars.yaml': 'A: "3"\n',
    broken: 'A\n',
  };
  const variables = async (...flags: string[]): Promise<unknown> => {
    const directory = tempDirectory();
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
    const job = jobFromFlags(await edit(['--image=i', ...flags], directory), parent);
    return only(job).env?.map(({ name, value }) => `${name}=${value}`);
  };

  test('takes lines of KEY=VALUE whatever the file is called, or a map where its name says so', async () => {
    expect(await variables('--env-file=vars')).toEqual(['A=1', 'B=x']);
    expect(await variables('--env-file=vars', '--env-file=.env.local')).toEqual(['A=1', 'B=2', 'C=']);
    expect(await variables('--env-file=vars.yaml')).toEqual(['A=3']);
  });

  test('is named by its errors, and excludes what --env-vars-file excludes', async () => {
    await expect(variables('--env-file=broken')).rejects.toThrow(
      'argument --env-file: Environment variable values must be strings. Found none for A in [broken]',
    );
    await expect(variables('--env-file=absent')).rejects.toThrow('argument --env-file: File [absent] does not exist.');
    await expect(variables('--env-file=vars', '--env-vars-file=vars.yaml')).rejects.toThrow(
      'At most one of --env-file | --env-vars-file can be specified.',
    );
    await expect(variables('--env-file=vars', '--set-env-vars=A=1')).rejects.toThrow(
      'At most one of --clear-env-vars | --env-vars-file | --set-env-vars |',
    );
  });
});

/** A value for each flag with one that help shows as without effect. */
const values: Readonly<Record<string, string>> = {
  '--service-account': 'a@b.c',
  '--vpc-connector': 'c',
  '--vpc-egress': 'all-traffic',
  '--network': 'n',
  '--subnet': 's',
  '--network-tags': 't',
  '--binary-authorization': 'p',
  '--breakglass': 'why',
  '--key': 'k',
  '--gpu-type': 'nvidia-l4',
  '--execution-environment': 'gen2',
  '--update-annotations': 'a=b',
};

test('the flags that help shows as without effect set only fields without effect', async () => {
  const flags = jobFlags('update', 'ALPHA').filter(({ traits }) => traits.group === headings.withoutEffect);
  expect(flags.length).toBeGreaterThan(10);
  const full = await changed(oneOf({}), ...Object.entries(values).map(([flag, value]) => `${flag}=${value}`));
  const acting = ['same', 'mapped'] as const;
  for (const { long, required } of flags) {
    const argument = required ? `${long}=${values[long ?? '']}` : `${long}`;
    for (const job of [oneOf({}), ...(required ? [] : [full])]) {
      const after = fieldsWithEffect(await changed(job, argument), acting);
      expect({ long, fields: after }).toEqual({ long, fields: fieldsWithEffect(job, acting) });
    }
  }
  const others = jobFlags('update', 'ALPHA').filter(({ long }) => Object.hasOwn(values, long ?? ''));
  expect(new Set(others.map(({ long }) => long))).toEqual(new Set(Object.keys(values)));
});

describe('secrets as files', () => {
  const named = /^api-[a-z]{3}-[a-z]{3}$/;

  test('share a volume in a directory, versions of one secret together', async () => {
    const job = await created('--image=i', '--set-secrets=/m/api=api:1,/m/api-old=api:2,/n/key=other:latest,K=k:1');
    const { volumes = [] } = task(job);
    expect(volumes.map(({ secret }) => secret)).toEqual([
      {
        secret: 'api',
        items: [
          { path: 'api', version: '1' },
          { path: 'api-old', version: '2' },
        ],
      },
      { secret: 'other', items: [{ path: 'key', version: 'latest' }] },
    ]);
    expect(volumes[0]?.name).toMatch(named);
    expect(only(job).volumeMounts).toEqual([
      { name: volumes[0]?.name, mountPath: '/m' },
      { name: volumes[1]?.name, mountPath: '/n' },
    ]);
    expect(only(job).env?.map(({ name }) => name)).toEqual(['K']);
    // The same command again changes nothing.
    const again = ['--set-secrets=/m/api=api:1,/m/api-old=api:2,/n/key=other:latest,K=k:1'];
    expect(json(await changed(job, ...again))).toEqual(json(job));
  });

  test('are updated and removed one by one, and their volumes go with the last', async () => {
    const job = await created('--image=i', '--set-secrets=/m/a=api:1,/m/b=api:2', '--add-volume=name=t,type=in-memory');
    const updated = await changed(job, '--update-secrets=/m/a=api:3,/n/c=other:1', '--remove-secrets=/m/b');
    expect(task(updated).volumes?.map(({ secret, emptyDir }) => secret ?? emptyDir)).toEqual([
      { secret: 'api', items: [{ path: 'a', version: '3' }] },
      { medium: 'MEMORY' },
      { secret: 'other', items: [{ path: 'c', version: '1' }] },
    ]);
    expect(only(updated).volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(['/m', '/n']);
    const cleared = await changed(updated, '--clear-secrets');
    expect(task(cleared)).toMatchObject({ volumes: [{ name: 't' }], containers: [{ volumeMounts: [] }] });
  });

  test('leave the volume alone that another container mounts', async () => {
    const volumes = [{ name: 'v', secret: { secret: 'api', items: [{ path: 'a', version: '1' }] } }];
    const volumeMounts = [{ name: 'v', mountPath: '/m' }];
    const job = jobInput(
      {},
      {
        containers: [
          { name: 'a', image: 'i', volumeMounts },
          { name: 'b', image: 'i', volumeMounts },
        ],
        volumes,
      },
    );
    const updated = await changed(job, '--container=a', '--update-secrets=/m/a=api:2');
    expect(task(updated).volumes).toHaveLength(2);
    expect(containers(updated)[1]?.volumeMounts).toEqual(volumeMounts);
    expect(task(updated).volumes?.[1]?.secret?.items).toEqual([{ path: 'a', version: '2' }]);
  });

  test.each<[use: string, message: string]>([
    ['A=s', 'No secret version specified for s. Use s:latest to reference the latest version.'],
    ['A=x y:1', "'x y' is not a valid secret name."],
    ['A=s:1:2', "'s:1:2' is not a valid secret name."],
    ['/x=s:1', 'Mount path [/x] must be in the form /<mountPath>/<path>'],
    ['/x/../y=s:1', 'Mount path [/x/../y] must be in the form'],
    ['/m/a=s:1,/m/b=t:1', 'Multiple secrets are specified for directory [/m].'],
    ['A=projects/p/secrets/s:1', "'projects/p/secrets/s' is not a valid secret name."],
  ])('refuse %s', async (use, message) => {
    await expect(created('--image=i', `--set-secrets=${use}`)).rejects.toThrow(message);
  });

  test('may be of another project', async () => {
    const job = await created('--image=i', '--set-secrets=A=projects/12/secrets/s,B=projects/12/secrets/s/versions/3');
    expect(only(job).env?.map(({ valueSource }) => valueSource?.secretKeyRef)).toEqual([
      { secret: 'projects/12/secrets/s', version: 'latest' },
      { secret: 'projects/12/secrets/s', version: '3' },
    ]);
  });
});

describe('--add-volume', () => {
  test.each<[value: string, volume: object]>([
    ['name=a,type=in-memory,size-limit=1Gi', { name: 'a', emptyDir: { medium: 'MEMORY', sizeLimit: '1Gi' } }],
    ['name=a,type=ephemeral-disk,size=10Gi', { name: 'a', emptyDir: { medium: 'DISK', sizeLimit: '10Gi' } }],
    [
      'name=a,type=cloud-storage,bucket=b,readonly=TRUE,mount-options=uid=1;implicit-dirs',
      { name: 'a', gcs: { bucket: 'b', readOnly: true, mountOptions: ['uid=1', 'implicit-dirs'] } },
    ],
    ['name=a,type=cloud-storage,dynamic-mounting=true', { name: 'a', gcs: { bucket: '_' } }],
    ['name=a,type=nfs,location=10.0.0.1:/x/y,readonly=false', { name: 'a', nfs: { server: '10.0.0.1', path: '/x/y' } }],
    [
      'name=a,type=secret,secret=s,version=1,path=p',
      { name: 'a', secret: { secret: 's', items: [{ version: '1', path: 'p' }] } },
    ],
    ['name=a,type=cloudsql,instances=p:r:a;p:r:b', { name: 'a', cloudSqlInstance: { instances: ['p:r:a', 'p:r:b'] } }],
  ])('%s', async (value, volume) => {
    expect(task(await created('--image=i', `--add-volume=${value}`)).volumes).toEqual([volume]);
  });

  test('with a mount path mounts it in the only container, under a name of its own', async () => {
    const job = await created('--image=i', '--add-volume=type=in-memory,mount-path=/tmp/x');
    const [volume] = task(job).volumes ?? [];
    expect(volume?.name).toMatch(/^in-memory-[a-z]{3}-[a-z]{3}$/);
    expect(only(job).volumeMounts).toEqual([{ name: volume?.name, mountPath: '/tmp/x' }]);
    expect(json(await changed(job, '--add-volume=type=in-memory,mount-path=/tmp/x'))).toEqual(json(job));
  });

  test('replaces one of the same name; others are removed by name', async () => {
    const job = oneOf({}, [
      { name: 'a', emptyDir: {} },
      { name: 'b', emptyDir: {} },
    ]);
    const volumes = async (...argv: string[]): Promise<unknown> => task(await changed(job, ...argv)).volumes;
    expect(await volumes('--add-volume=name=a,type=nfs,location=h:/x')).toEqual([
      { name: 'a', nfs: { server: 'h', path: '/x' } },
      { name: 'b', emptyDir: {} },
    ]);
    expect(await volumes('--remove-volume=a,zz')).toEqual([{ name: 'b', emptyDir: {} }]);
    expect(await volumes('--clear-volumes', '--add-volume=name=c,type=in-memory')).toEqual([
      { name: 'c', emptyDir: { medium: 'MEMORY' } },
    ]);
  });

  test.each<[value: string, message: string]>([
    ['name=a', 'Key [type] required in dict arg but not provided'],
    ['name=a,type=zzz', 'Volume type zzz not supported'],
    ['type=in-memory', 'Volume "name" must be specified if "mount-path" is not specified.'],
    ['name=a,type=nfs', 'Volume a of type nfs requires the following parameters: location'],
    ['name=a,type=nfs,location=x', "Volume a: field 'location' must be of the form IP_ADDRESS:/DIRECTORY"],
    ['name=a,type=cloud-storage', 'Volume a of type cloud-storage requires the following parameters: bucket'],
    ['name=a,type=cloud-storage,bucket=b,foo=1', 'Volume a of type cloud-storage had unexpected parameter foo'],
    ['name=a,type=cloud-storage,bucket=b,readonly=yes', "field 'readonly' must be true or false; received: yes"],
  ])('refuses %s', async (value, message) => {
    await expect(created('--image=i', `--add-volume=${value}`)).rejects.toThrow(message);
  });
});

describe('--container', () => {
  test('makes the flags that follow those of one container; others stay those of the job', async () => {
    const job = await created(
      ...['--container=main', '--image=i', '--args=a', '--tasks=2', '--depends-on=side'],
      ...[
        '--container',
        'side',
        '--image=s',
        '--cpu=0.5',
        '--clear-env-vars',
        '--container=main',
        '--args=b',
        '--workdir=/w',
      ],
    );
    expect(job.template.taskCount).toBe(2);
    expect(containers(job)).toMatchObject([
      { name: 'main', image: 'i', args: ['a', 'b'], dependsOn: ['side'], workingDir: '/w' },
      { name: 'side', image: 's', resources: { limits: { cpu: '0.5' } } },
    ]);
  });

  test('changes a container, adds one, and removes one with what depends on it', async () => {
    const job = await changed(several(), '--container=side', '--args=x', '--container=new', '--image=n');
    expect(containers(job)).toEqual([
      { name: 'main', image: 'i', dependsOn: ['side'] },
      { name: 'side', image: 's', args: ['x'] },
      { name: 'new', image: 'n' },
    ]);
    const less = await changed(job, '--remove-containers=side,zz');
    expect(containers(less)).toEqual([
      { name: 'main', image: 'i', dependsOn: [] },
      { name: 'new', image: 'n' },
    ]);
  });

  test.each<[argv: string[], message: string]>([
    [['--args=x', '--container=main', '--image=i'], 'When --container is specified --args must be specified after'],
    [['--clear-secrets', '--container=main'], 'When --container is specified --clear-secrets must be specified after'],
    [['--container=new', '--args=x'], 'Missing required argument [--image]: Containers new require a container image'],
    [['--args=x'], 'The job has several containers, so flags for a container need --container.'],
    [['--add-volume=type=in-memory,mount-path=/x', '--container=main'], 'mount-path cannot be used with --container'],
    [Array.from({ length: 11 }, (_, i) => `--container=c${i}`), 'Jobs may include at most 10 containers'],
  ])('%j is refused', async (argv, message) => {
    await expect(changed(several(), ...argv)).rejects.toThrow(message);
  });
});

describe('flags that exclude each other', () => {
  test.each<[argv: string[], shown: string]>([
    [['--clear-env-vars', '--set-env-vars=A=1'], '--clear-env-vars | --env-vars-file | --set-env-vars | [--remove'],
    [['--set-env-vars=A=1', '--update-env-vars=A=1'], '--clear-env-vars | --env-vars-file'],
    [['--set-secrets=A=s:1', '--remove-secrets=A'], '--clear-secrets | --set-secrets | [--remove-secrets --update'],
    [['--labels=a=b', '--update-labels=a=b'], '--labels | --update-labels'],
    [['--clear-labels', '--remove-labels=a'], '--clear-labels | --remove-labels'],
    [['--no-clear-labels', '--remove-labels=a'], '--clear-labels | --remove-labels'],
    [['--clear-network', '--subnet=s'], '--clear-network | [--network --subnet --network-tags --clear-network-tags]'],
    [['--container=a', '--clear-secrets', '--set-secrets=A=s:1'], '--clear-secrets | --set-secrets'],
  ])('%j', async (argv, shown) => {
    await expect(changed(jobInput(), ...argv)).rejects.toThrow(`At most one of ${shown}`);
  });

  test('do not, where each is about a container of its own', async () => {
    const each = await changed(
      several(),
      '--container=main',
      '--clear-env-vars',
      '--container=side',
      '--set-env-vars=A=1',
    );
    expect(containers(each)[1]?.env).toEqual([{ name: 'A', value: '1' }]);
  });
});

describe('wrong values', () => {
  test.each<[argv: string[], message: string]>([
    [['--vpc-egress=none'], "argument --vpc-egress: Invalid choice: 'none'. Valid choices are all-traffic"],
    [['--startup-probe=foo=1'], 'Key [foo] not recognized for startup probe.'],
    [['--startup-probe=httpGet.port=x'], 'httpGet.port must be an integer; received: x'],
    [['--add-volume-mount=volume=a'], 'Key [mount-path] required in dict arg but not provided'],
    [['--add-volume-mount=volume=a,mount-path=/a,readonly=true'], 'Key [readonly] not recognized for volume mount.'],
    [['--depends-on=a,b,c,d,e,f,g,h,i,j'], 'argument --depends-on: too many values, at most 9'],
    [['--set-env-vars=X_GOOGLE_A=1'], 'names that begin with X_GOOGLE_ are reserved'],
  ])('%j', async (argv, message) => {
    await expect(changed(jobInput(), ...argv)).rejects.toThrow(message);
  });

  test('a new job needs an image', async () => {
    await expect(created('--tasks=2')).rejects.toThrow('argument --image: Must be specified.');
    await expect(created('--container=a', '--image=i', '--container=b', '--args=x')).rejects.toThrow(
      'Containers b require a container image to deploy.',
    );
  });
});
