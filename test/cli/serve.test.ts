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
