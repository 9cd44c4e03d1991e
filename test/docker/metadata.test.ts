import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Command, RunningCommand } from '../support/cli.js';
import { client } from '../support/client.js';
import { type Home, test } from '../support/home.js';

const v1 = 'http://metadata.google.internal/computeMetadata/v1';
/** A shell function that prints what the server says, its refusals too. */
const ask = `ask() { wget -q -O - --header 'Metadata-Flavor: Google' ${v1}/$1 2>&1 | sed 's/^wget: //'; echo; }`;

async function output(home: Home, command: RunningCommand, exitCode = 0): Promise<string[]> {
  const { stderr, exitCode: code } = await command.ended;
  expect(code, stderr).toBe(exitCode);
  return home.log(await command.execution());
}

/** Credentials, and a gcloud that makes tokens of them and says on its file what it was asked. */
function fakeGcloud(home: Home): { env: Record<string, string>; credentials: string } {
  const bin = home.scratch('bin');
  const credentials = path.join(bin, 'adc.json');
  writeFileSync(credentials, '{"type":"authorized_user"}', { mode: 0o600 });
  const gcloud = path.join(bin, 'gcloud');
  writeFileSync(
    gcloud,
    `#!/bin/sh
case "$*" in
  'auth application-default print-access-token') echo "access $(cat $GOOGLE_APPLICATION_CREDENTIALS) $$" ;;
  'auth print-identity-token --audiences=https://a.example') echo "identity $(cat $CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE)" ;;
  *) echo "ERROR: (gcloud) unexpected: $*" >&2; exit 2 ;;
esac
`,
  );
  chmodSync(gcloud, 0o755);
  return {
    env: { PATH: `${bin}:${process.env['PATH']}`, GOOGLE_APPLICATION_CREDENTIALS: credentials },
    credentials,
  };
}

const accessToken = 'instance/service-accounts/default/token';

test.concurrent('a job finds out who it is', async ({ home }) => {
  const file = home.script(
    'who',
    `${ask}; ask project/project-id; ask project/numeric-project-id; ask instance/region; ask instance/zone
     ask instance/service-accounts/default/email; echo $GCE_METADATA_HOST $GCE_METADATA_IP`,
  );
  const command = home.inline(['jobs', 'run', '-f', file, '--metadata', '--region', 'europe-west4'], {
    env: { LOCALRUN_PROJECT: 'shop', LOCALRUN_PROJECT_NUMBER: '123456789' },
  });
  await command.ended;
  expect(command.stderr).toContain('Local settings: metadata server: metadata.google.internal.');
  for (const line of [
    'shop',
    '123456789',
    'projects/123456789/regions/europe-west4',
    'projects/123456789/zones/europe-west4-1',
    '123456789-compute@developer.gserviceaccount.com',
    'metadata.google.internal 127.0.0.1',
  ]) {
    expect(command.stderr).toContain(`task 0 │ ${line}\n`);
  }
});

test.concurrent('the header is required, and a request that waits is kept waiting', async ({ home }) => {
  const script = `wget -q -O - ${v1}/project/project-id 2>&1
    wget -q -O - --header 'Metadata-Flavor: Google' --header 'X-Forwarded-For: 10.0.0.1' ${v1}/project/project-id 2>&1
    printf 'GET /computeMetadata/v1/instance/id HTTP/1.1\\r\\nHost: x\\r\\nMetadata-Flavor: Google\\r\\n\\r\\n' | nc metadata 80 | head -1
    ${ask}; for i in 1 2 3 4 5 6 7 8; do echo "$(ask project/project-id)" & done; wait`;
  const command = home.inline(['jobs', 'run', '-f', home.script('strict', script), '--metadata']);
  expect((await output(home, command)).filter(Boolean)).toEqual([
    'wget: server returned error: HTTP/1.1 403 Forbidden',
    'wget: server returned error: HTTP/1.1 403 Forbidden',
    'HTTP/1.1 200 OK\r',
    ...Array.from({ length: 8 }, () => 'local-project'),
  ]);
});

test.concurrent('every attempt is an instance of its own, in a sandbox that others do not see', async ({ home }) => {
  const script = `${ask}; ask instance/id; [ $CLOUD_RUN_TASK_ATTEMPT = 1 ]`;
  const file = home.script('instances', script, { taskCount: 2, parallelism: 1, maxRetries: 1 });
  const command = home.inline(['jobs', 'run', '-f', file, '--metadata']);
  await output(home, command);
  const id = await command.execution();
  const ids = [0, 1].flatMap((task) => [0, 1].map((attempt) => home.log(id, task, attempt)[0]));
  expect(new Set(ids).size).toBe(4);
  for (const instance of ids) expect(instance).toMatch(/^[0-9a-f]{64}$/);
});

test.concurrent('there is no metadata server unasked', async ({ home }) => {
  const script = `env | grep GCE; cat /etc/hosts | grep metadata; nc 127.0.0.1 80 </dev/null; echo $?`;
  const command = home.inline(['jobs', 'run', '-f', home.script('without', script)]);
  expect(await output(home, command)).toEqual(['1']);
});

test.concurrent('tokens are those of the application default credentials', async ({ home }) => {
  const { env } = fakeGcloud(home);
  const script = `${ask}; ask ${accessToken}; ask ${accessToken}
    ask instance/service-accounts/default/identity?audience=https://a.example
    ask instance/service-accounts/default/identity?audience=other`;
  const command = home.inline(['jobs', 'run', '-f', home.script('tokens', script), '--metadata'], { env });
  const [first = '', second = '', ...others] = (await output(home, command)).filter(Boolean);
  const token = JSON.parse(first) as { access_token: string; expires_in: number; token_type: string };
  expect(token.access_token).toMatch(/^access \{"type":"authorized_user"\} \d+$/);
  expect(token.token_type).toBe('Bearer');
  expect(token.expires_in).toBeGreaterThan(3500);
  // One token serves until it is nearly over.
  expect((JSON.parse(second) as typeof token).access_token).toBe(token.access_token);
  expect(others).toEqual(['identity {"type":"authorized_user"}', 'server returned error: HTTP/1.1 404 Not Found']);
});

test.concurrent.for<[what: string, env: (home: Home) => Record<string, string>, why: string]>([
  [
    'are no credentials',
    (home) => ({ ...fakeGcloud(home).env, GOOGLE_APPLICATION_CREDENTIALS: '/nonesuch.json' }),
    'There are no application default credentials: /nonesuch.json cannot be read.',
  ],
  [
    'is no gcloud',
    (home) => {
      const { credentials } = fakeGcloud(home);
      const found = execFileSync('sh', ['-c', `command -v ${client}`], { encoding: 'utf8' }).trim();
      const bin = home.scratch('client-only');
      execFileSync('ln', ['-s', found, path.join(bin, client)]);
      // Podman needs programs of the system's.
      return { PATH: `${bin}:/usr/sbin:/sbin`, GOOGLE_APPLICATION_CREDENTIALS: credentials };
    },
    'There is no token: gcloud, which makes tokens of application default credentials, is not installed.',
  ],
])('where there %s, a token is a 404 that says so', async ([, env, why], { home }) => {
  const request = `GET /computeMetadata/v1/${accessToken} HTTP/1.1\\r\\nHost: x\\r\\nMetadata-Flavor: Google\\r\\n\\r\\n`;
  const file = home.script('no-tokens', `printf '${request}' | nc metadata 80`);
  const command = home.inline(['jobs', 'run', '-f', file, '--metadata'], { env: env(home) });
  const lines = await output(home, command);
  expect(lines[0]).toBe('HTTP/1.1 404 Not Found\r');
  expect(lines).toContain(why);
});

test.concurrent.for<[moment: string, end: (home: Home, command: Command) => void]>([
  ['whose relay has ended', (home) => killRelay(home)],
  ['whose process was killed', (_, command) => command.kill('SIGKILL')],
])('a job %s is served again', async ([, end], { home }) => {
  const script = `${ask}; ask project/project-id; sleep 3
    until wget -q -O /dev/null --header 'Metadata-Flavor: Google' ${v1}/instance/id 2>/dev/null; do sleep 0.2; done; ask project/project-id`;
  const command = home.start(['jobs', 'run', '-f', home.script('again', script), '--metadata']);
  const id = await command.execution();
  await command.says('│ local-project');
  end(home, command);
  await command.ended;
  await home.run(['jobs', 'executions', 'list']);
  expect(await home.completed(id)).toMatchObject({ succeededCount: 1 });
  expect(home.log(id)).toEqual(['local-project', 'local-project']);
});

function killRelay(home: Home): void {
  const relays = home.processes().filter(({ args }) => args.includes('relay'));
  expect(relays).toHaveLength(1);
  for (const { pid } of relays) process.kill(pid, 'SIGKILL');
}

test.concurrent('--credentials adc gives the file, which cannot be written', async ({ home }) => {
  const { env } = fakeGcloud(home);
  const script = `echo $GOOGLE_APPLICATION_CREDENTIALS; cat $GOOGLE_APPLICATION_CREDENTIALS; echo
    (echo x >$GOOGLE_APPLICATION_CREDENTIALS) 2>&1; ls /var/run/secrets/localrun`;
  const command = home.inline(['jobs', 'run', '-f', home.script('adc', script), '--credentials', 'adc'], { env });
  expect(await output(home, command)).toEqual([
    '/var/run/secrets/localrun/application_default_credentials.json',
    '{"type":"authorized_user"}',
    "sh: can't create /var/run/secrets/localrun/application_default_credentials.json: Read-only file system",
    'application_default_credentials.json',
  ]);
  expect(command.stderr).toContain('Local settings: credentials: application default credentials.');
});

test.concurrent('--credentials adc is refused where there are none, before anything runs', async ({ home }) => {
  const env = { GOOGLE_APPLICATION_CREDENTIALS: '/nonesuch.json' };
  const { exitCode, stderr } = await home.run(
    ['jobs', 'run', '-f', home.script('none', 'true'), '--credentials', 'adc'],
    { env },
  );
  expect(exitCode).toBe(1);
  expect(stderr).toContain('There are no application default credentials: /nonesuch.json cannot be read.');
  expect(stderr).toContain('gcloud auth application-default login');
  expect(await home.executions()).toEqual([]);
});
