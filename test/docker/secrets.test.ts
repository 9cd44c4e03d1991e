import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Container } from '../../src/model/schema/container.js';
import { until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const image = 'localrun/busybox:latest';
const shell = (script: string, more: Partial<Container> = {}): Container => ({
  image,
  command: ['sh', '-c', script],
  ...more,
});
const variable = (name: string, secret: string, version = 'latest'): NonNullable<Container['env']>[number] => ({
  name,
  valueSource: { secretKeyRef: { secret, version } },
});
const values = {
  PASSWORD: 'correct horse',
  HTTPS_PROXY: 'http://user:swordfish@proxy:1',
  HOME: '# hunter2 = $HOME ',
  PATH: '/bin:/hunter3',
};

/** A localrun.yaml that maps the secrets of those names to variables. */
const mapped = `secrets:\n${Object.keys(values)
  .map((name) => `  ${name}: { env: MY_${name} }\n`)
  .join('')}`;

/** Runs a job that has to succeed, and returns its execution. */
async function succeed(home: Home, file: string, env: Record<string, string> = {}): Promise<string> {
  const command = home.inline(['jobs', 'run', '-f', file], { env });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  return command.execution();
}

test.concurrent('variables get the values of secrets, from wherever those are', async ({ home }) => {
  home.config(`secrets:
  from-file: { file: ./key }
  from-env: { env: PASSWORD }
  from-dotenv: { dotenv: ./.env, key: SECOND }
  inline: { versions: { 1: { value: first }, 2: { value: second } }, aliases: { prod: 1 } }
  projects/other/secrets/far: { value: far }
`);
  writeFileSync(home.file('key'), 'line one\nline two\n');
  writeFileSync(home.file('.env'), 'FIRST=1\nSECOND="a b # c"\n');
  const env = [
    variable('FILE', 'from-file', '7'),
    variable('ENV', 'projects/local-project/secrets/from-env', 'latest'),
    variable('DOTENV', 'from-dotenv'),
    variable('ALIAS', 'inline', 'prod'),
    variable('LATEST', 'inline', 'latest'),
    variable('FAR', 'projects/other/secrets/far', '1'),
  ];
  const file = home.template('variables', { containers: [{ image, command: ['cat', '/proc/1/environ'], env }] });
  const execution = await succeed(home, file, { PASSWORD: values.PASSWORD });
  const seen = home.log(execution).join('\n').split('\0');
  expect(seen).toEqual(
    expect.arrayContaining([
      'FILE=line one\nline two\n',
      `ENV=${values.PASSWORD}`,
      'DOTENV=a b # c',
      'ALIAS=first',
      'LATEST=second',
      'FAR=far',
    ]),
  );
  expect(seen.join('\n')).not.toContain('FIRST=1');
});

test.concurrent('whichever command runs a job, localrun.yaml holds', async ({ home }) => {
  home.config('secrets: { key: { value: opened } }');
  const file = home.template('every', { containers: [shell('echo $KEY', { env: [variable('KEY', 'key')] })] });
  const run = async (...args: string[]): Promise<string[]> => {
    const command = home.inline(['jobs', ...args]);
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    return home.log(/execution \[([^\]]+)\]/i.exec(stderr)?.[1] ?? '');
  };
  expect(await run('create', '-f', file, '--execute-now', '--wait')).toEqual(['opened']);
  expect(await run('execute', 'every', '--wait')).toEqual(['opened']);
  expect(await run('run', 'every')).toEqual(['opened']);
});

test.concurrent('a variable of this machine is no secret unless it is mapped', async ({ home }) => {
  const file = home.template('unmapped', { containers: [shell('true', { env: [variable('KEY', 'PASSWORD')] })] });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file], { env: { PASSWORD: 'x' } });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('the secret PASSWORD is not mapped');
});

test.concurrent('values are in no argument, no log, no description and not in the store', async ({ home }) => {
  home.config(mapped);
  const names = Object.keys(values);
  const read = 'while read -r line; do :; done < /proc/1/environ; sleep 2';
  const file = home.template('hidden', {
    maxRetries: 0,
    containers: [shell(read, { env: names.map((name) => variable(name, name, 'latest')) })],
  });
  const env = Object.fromEntries(Object.entries(values).map(([name, value]) => [`MY_${name}`, value]));
  const command = home.inline(['jobs', 'run', '-f', file], { env });
  const argv = new Set<string>();
  const look = (): void => home.processes().forEach(({ args }) => argv.add(args.join(' ')));
  await until(() => {
    look();
    return [...argv].some((line) => line.includes('--env-file'));
  });
  const { stdout, stderr, exitCode } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  const described = await home.run(['jobs', 'executions', 'describe', await command.execution(), '--format', 'json']);
  const kept = readdirSync(home.directory, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(home.directory, name))
    .filter((name) => statSync(name).isFile())
    .map((name) => readFileSync(name, 'latin1'));
  const all = [...argv, stdout, stderr, described.stdout, ...kept].join('\n');
  for (const part of ['correct horse', 'swordfish', 'hunter2', 'hunter3']) expect(all).not.toContain(part);
});

test.concurrent('variables that steer programs of this machine get their secrets all the same', async ({ home }) => {
  home.config(mapped);
  const odd = ['*', 'BASH_FUNC_docker%%', 'DOCKER_HOST=tcp://127.0.0.1:1/', '__proto__'];
  const env = [...Object.keys(values), ...odd].map((name) => variable(name, odd.includes(name) ? 'PASSWORD' : name));
  const command = ['/bin/cat', '/proc/1/environ'];
  const mine = Object.fromEntries(Object.entries(values).map(([name, value]) => [`MY_${name}`, value]));
  const execution = await succeed(home, home.template('proxies', { containers: [{ image, command, env }] }), mine);
  const seen = home.log(execution).join('\n').split('\0');
  const expected = [...Object.entries(values), ...odd.map((name) => [name, values.PASSWORD])];
  expect(seen).toEqual(expect.arrayContaining(expected.map((pair) => pair.join('='))));
});

test.concurrent('but not one with several lines, which is said', async ({ home }) => {
  home.config('secrets: { ca: { value: "a\\nb" }, key: { file: ./key } }');
  writeFileSync(home.file('key'), 'one\ntwo\n');
  const env = [
    variable('HOME', 'ca'),
    variable('NODE_OPTIONS', 'key'),
    variable('two words', 'ca'),
    variable('KEY', 'key'),
  ];
  const file = home.template('lines', { containers: [shell('true', { env })] });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('env[HOME].name: a variable named HOME can hold a secret of one line only');
  expect(stderr).toContain('env[NODE_OPTIONS].name: a variable named NODE_OPTIONS can hold a secret of one line only');
  expect(stderr).toContain(
    'env[two words].name: no container engine client accepts a secret for a variable named "two words"',
  );
  expect(stderr).not.toContain('env[KEY]');
  expect(await home.executions()).toEqual([]);
});

test.concurrent('every attempt gets the latest version of its time', async ({ home }) => {
  home.config('secrets: { key: { file: ./key } }');
  writeFileSync(home.file('key'), 'old');
  const scratch = home.scratch('mark');
  home.config(`secrets: { key: { file: ./key } }\nbuckets: { mark: ${scratch} }`);
  const script =
    'echo "$KEY"; touch /mark/$CLOUD_RUN_TASK_ATTEMPT; until [ -e /mark/go ]; do sleep 0.1; done; [ $KEY = new ]';
  const file = home.template('latest', {
    maxRetries: 1,
    volumes: [{ name: 'mark', gcs: { bucket: 'mark' } }],
    containers: [
      shell(script, { env: [variable('KEY', 'key', 'latest')], volumeMounts: [{ name: 'mark', mountPath: '/mark' }] }),
    ],
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  await until(() => readdirSync(scratch).includes('0'));
  writeFileSync(home.file('key'), 'new');
  writeFileSync(path.join(scratch, 'go'), '');
  expect((await command.ended).exitCode).toBe(0);
  const execution = await command.execution();
  expect([home.log(execution, 0, 0), home.log(execution, 0, 1)]).toEqual([['old'], ['new']]);
});

test.concurrent(
  'files of secrets are read-only, owned by root, with the modes that are asked for',
  async ({ home }) => {
    home.config('secrets: { key: { versions: { 1: { value: one }, 2: { value: two } } }, whole: { file: ./whole } }');
    writeFileSync(home.file('whole'), Buffer.from([0, 255, 10]));
    const script = `cd /secrets && find . -exec stat -c '%n %a %u:%g' {} + | sort
cat items/deep/one items/two; od -An -tx1 whole/whole
echo x > whole/whole; touch items/new; rm items/two; chmod 777 items/two`;
    const file = home.template('files', {
      volumes: [
        { name: 'whole', secret: { secret: 'whole' } },
        {
          name: 'items',
          secret: {
            secret: 'projects/local-project/secrets/key',
            defaultMode: 0o640,
            items: [
              { path: 'deep/one', version: '1', mode: 0o777 },
              { path: 'two', version: 'latest' },
            ],
          },
        },
      ],
      containers: [
        shell(script, { volumeMounts: ['whole', 'items'].map((name) => ({ name, mountPath: `/secrets/${name}` })) }),
      ],
      maxRetries: 0,
    });
    const command = home.inline(['jobs', 'run', '-f', file]);
    await command.ended;
    const execution = await command.execution();
    expect(home.log(execution)).toEqual([
      '. 755 0:0',
      './items 755 0:0',
      './items/deep 755 0:0',
      './items/deep/one 555 0:0',
      './items/two 440 0:0',
      './whole 755 0:0',
      './whole/whole 444 0:0',
      'onetwo 00 ff 0a',
    ]);
    const refused = home.log(execution, 0, 0, 'stderr');
    expect(refused).toHaveLength(4);
    for (const line of refused) expect(line).toContain('Read-only file system');
  },
);

test.concurrent(
  'a file of the latest version changes while its container runs, one of a number does not',
  async ({ home }) => {
    home.config('secrets: { key: { file: ./key } }');
    writeFileSync(home.file('key'), 'old');
    const script = 'echo started; until [ "$(cat /s/latest)" = new ]; do sleep 0.1; done; cat /s/pinned; echo';
    const items = [
      { path: 'latest', version: 'latest' },
      { path: 'pinned', version: '3' },
    ];
    const file = home.template('live', {
      timeout: '30s',
      maxRetries: 0,
      volumes: [{ name: 's', secret: { secret: 'key', items } }],
      containers: [shell(script, { volumeMounts: [{ name: 's', mountPath: '/s' }] })],
    });
    const command = home.inline(['jobs', 'run', '-f', file]);
    await command.says('started');
    // As editors do: a new file in place of the old one.
    writeFileSync(home.file('draft'), 'new');
    renameSync(home.file('draft'), home.file('key'));
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(home.log(await command.execution())).toEqual(['started', 'old']);
  },
);

test.concurrent('files of secrets are gone after kill -9 and recovery', async ({ home }) => {
  home.config('secrets: { key: { value: x } }');
  const file = home.template('killed', {
    volumes: [{ name: 's', secret: { secret: 'key' } }],
    containers: [shell('echo started; sleep 3; cat /s/key; echo', { volumeMounts: [{ name: 's', mountPath: '/s' }] })],
  });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('started');
  expect(home.leftovers()).toHaveLength(1);
  command.kill('SIGKILL');
  await command.ended;
  const execution = await command.execution();
  await home.run(['jobs', 'executions', 'list']);
  expect(await home.completed(execution)).toMatchObject({ succeededCount: 1 });
  expect(home.log(execution)).toEqual(['started', 'x']);
  expect(home.leftovers()).toEqual([]);
});

test.concurrent(
  'a run that lacks a secret leaves the job as it was, names lines of the file, and config init adds what it lacks',
  async ({ home }) => {
    const spec = (script: string): string => `apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: lacks}
spec:
  template:
    spec:
      template:
        spec:
          containers:
            - image: localrun/busybox:latest
              command: [sh, -c, ${JSON.stringify(script)}]
              env:
                - {name: OTHER, value: x}
                - name: PW
                  valueFrom:
                    secretKeyRef: {name: pw, key: latest}
          volumes:
            - {name: unused, secret: {secretName: unmapped}}
`;
    const file = home.file('job.yaml');
    const surroundings = { cwd: path.dirname(file) };
    const run = (...args: string[]): ReturnType<Home['run']> => home.run(args, surroundings);
    const described = async (): Promise<string> => (await run('jobs', 'describe', 'lacks', '--format', 'json')).stdout;
    writeFileSync(file, spec('echo before'));
    const refused = await run('jobs', 'run', '-f', 'job.yaml');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toBe(`ERROR: (localrun.jobs.run) FAILED_PRECONDITION: Job [lacks] cannot run on this machine:
job.yaml:16:35: spec.template.spec.template.spec.containers[0].env[PW].valueFrom.secretKeyRef: the secret pw is not mapped
                        secretKeyRef: {name: pw, key: latest}
                                      ^
Try: add to a file localrun.yaml, in this directory or above it:
secrets:
  pw: { file: ./secrets/pw }
or let localrun add it: localrun config init -f job.yaml
`);
    expect((await run('jobs', 'list')).stdout).toBe('');
    await run('jobs', 'create', '-f', 'job.yaml');
    const before = await described();
    writeFileSync(file, spec('echo "$PW" | wc -l'));
    expect((await run('jobs', 'run', '-f', 'job.yaml')).exitCode).toBe(1);
    expect(await described()).toBe(before);

    expect((await run('config', 'init', '-f', 'job.yaml')).exitCode).toBe(0);
    writeFileSync(home.file('secrets/pw'), 'hunter2\n');
    const { exitCode, stderr } = await run('jobs', 'run', '-f', 'job.yaml');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('Job [lacks] has successfully been updated.\n');
    expect(stderr).toContain(
      'job.yaml:14:19: warning: spec.template.spec.template.spec.containers[0].env[PW]: the secret pw ends in',
    );
    expect(home.log(/Execution \[([^\]]+)\]/.exec(stderr)?.[1] ?? '')).toEqual(['2']);
  },
);
