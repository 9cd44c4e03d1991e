import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

test('--print-env prints the variables of one client or of all, quoted for a shell', async () => {
  const { run } = cli();
  const all = await run('serve --print-env --port 9000 --region europe-west1');
  expect(all).toMatchObject({ code: 0, stderr: '' });
  for (const client of ['gcloud', 'node', 'python', 'go', 'terraform']) {
    const { stdout } = await run(`serve --print-env ${client} --port 9000 --region europe-west1`);
    expect(stdout).toMatch(/^export LOCALRUN_SERVER=http:\/\/127\.0\.0\.1:9000\n/);
    expect(all.stdout.split('\n')).toEqual(expect.arrayContaining(stdout.split('\n')));
  }
  expect(all.stdout).toContain('export CLOUDSDK_RUN_REGION=europe-west1\n');
  const { stdout } = await run(['serve', '--print-env', 'go', '--host', "x'y", '--token', 't']);
  expect(stdout).toContain(String.raw`export LOCALRUN_SERVER='http://x'\''y:8080'`);
});

test('--print-env has the token and the address of TLS', async () => {
  const { run } = cli();
  const { stdout } = await run('serve --print-env --token hush --tls-cert a --tls-key b');
  expect(stdout.split('\n')).toEqual(
    expect.arrayContaining([
      'export LOCALRUN_SERVER=https://127.0.0.1:8080',
      'export LOCALRUN_SERVER_TOKEN=hush',
      'export CLOUDSDK_AUTH_ACCESS_TOKEN=hush',
      'export GOOGLE_OAUTH_ACCESS_TOKEN=hush',
    ]),
  );
  expect(stdout).not.toContain('CLOUDSDK_AUTH_DISABLE_CREDENTIALS');
  expect((await run('serve --print-env')).stdout).not.toContain('LOCALRUN_SERVER_TOKEN');
});

test('--print-env needs a known client and a known port', async () => {
  const { run } = cli();
  expect(await run('serve --print-env --port 0')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('argument --print-env: needs the --port of the server') as string,
  });
  expect(await run('serve --print-env rust')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Allowed choices are gcloud, node, python, go, terraform') as string,
  });
});

test.for([
  [['--host', '0.0.0.0'], 'argument --host: others can reach 0.0.0.0, so that --token is needed, too'],
  [['--host', '::'], 'argument --host: others can reach ::, so that --token is needed, too'],
  [['--host', 'localhost.example.com'], 'argument --host: others can reach localhost.example.com'],
  // As from a variable that is not set: it would be a token that nobody can bring.
  [['--token', ''], 'argument --token: must not be empty'],
  [['--host', '0.0.0.0', '--token', ''], 'argument --token: must not be empty'],
  [['--tls-cert', 'cert.pem'], 'argument --tls-cert: --tls-cert and --tls-key need each other'],
  [['--tls-key', 'key.pem'], 'argument --tls-cert: --tls-cert and --tls-key need each other'],
  [['--port', '65536'], 'argument --port: Value must be at most 65535; received: 65536'],
] as const)('%j is refused', async ([args, message]) => {
  expect(await cli().run(['serve', ...args])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(message) as string,
  });
});

test('a certificate that cannot be read is named', async () => {
  expect(await cli().run(['serve', '--port', '0', '--tls-cert', 'no.pem', '--tls-key', 'no.pem'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Cannot read [no.pem]') as string,
  });
});
