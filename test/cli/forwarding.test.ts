import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/cli.js';
import { type Cli, cli } from '../support/io.js';
import { tempDirectory } from '../support/temp.js';

// A cluster worker does the work of commands. Here, in place of kubectl and its cluster, a script starts the process
// that would run in the pod.

const bin = path.join(repository, 'bin', 'localrun.js');
/** What the script does with the words after `--`. */
const inPod = `exec ${process.execPath} ${bin} "$@"`;
const job = 'name: nightly\ntemplate: { template: { containers: [{ image: r.example/app }] } }\n';

interface Forwarding extends Cli {
  /** The state directory of the worker. */
  remote: string;
  env: Record<string, string>;
}

function forwarding(script = inPod): Forwarding {
  const remote = tempDirectory();
  const kubectl = path.join(remote, 'kubectl');
  const words = 'while [ "$1" != -- ]; do shift; done; shift 2';
  writeFileSync(kubectl, `#!/bin/sh\nexport LOCALRUN_HOME=${remote}/home HOME=/tmp\n${words}\n${script}\n`);
  chmodSync(kubectl, 0o755);
  const env = { LOCALRUN_WORKER: 'jobs/worker', LOCALRUN_KUBECTL: kubectl, PATH: '/usr/bin:/bin' };
  return { remote, env, ...cli({ env }) };
}

test('the worker does the work, with the files, the account and the streams of this machine', async () => {
  const { home, remote, file, run, env } = forwarding();
  file('job.yaml', job);
  expect(await run('jobs replace')).toMatchObject({ code: 0, stdout: '' });
  expect(existsSync(path.join(home, 'localrun.db'))).toBe(false);
  expect(existsSync(path.join(remote, 'home'))).toBe(true);
  mkdirSync(path.join(home, 'deep', 'down'), { recursive: true });
  const variables = path.join(home, 'deep', 'values.env');
  writeFileSync(variables, 'A=${OUTER}-${HOME:-none}\n');
  const cwd = path.join(home, 'deep', 'down');
  const updated = await run(['jobs', 'update', 'nightly', '--env-vars-file', variables, '--quiet'], {
    cwd,
    env: { ...env, OUTER: 'of the caller' },
  });
  expect(updated).toMatchObject({ code: 0 });
  const shown = await run('jobs describe nightly --format=value(creator,template.template.containers[0].env[0].value)');
  expect(shown.stdout).toBe('dev@example.com\tof the caller-none\n');
  const stdin = job.replace('nightly', 'piped');
  expect((await run('jobs create -f -', { stdin })).code).toBe(0);
  expect((await run('jobs list --format=value(name)')).stdout.split('\n').filter(Boolean)).toHaveLength(2);
  const answered = await run('jobs delete piped', { stdin: 'y\n', terminal: 80 });
  expect(answered).toMatchObject({ code: 0 });
  expect(answered.stderr).toContain('piped');
  const declined = await run('jobs delete nightly', { stdin: 'n\n', terminal: 80 });
  expect(declined.code).toBe(1);
}, 60_000);

test('the live view of the worker is painted on the terminal of this machine, which makes it printable', async () => {
  const rows = String.raw`{"to":"err","overwrite":["row \u001b[2J",null],"lines":2}`;
  const { run } = forwarding(`head -1 > /dev/null; echo '${rows}'; echo '{"exit":3}'; cat > /dev/null`);
  const { code, stderr } = await run('jobs list', { terminal: 80 });
  expect(code).toBe(3);
  expect(stderr).toContain('\u{1b}[2Arow \\u001b[2J\u{1b}[K\n\n\u{1b}[J');
}, 60_000);

test('errors name the files of this machine, and have the exit codes of this machine', async () => {
  const { home, file, run } = forwarding();
  file('bad.yaml', job.replace('image', 'imag'));
  const bad = await run(['jobs', 'create', '-f', path.join(home, 'bad.yaml')]);
  expect(bad).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('bad.yaml:2:') as string });
  expect(bad.stderr).not.toContain('localrun-call-');
  const missing = await run('jobs create -f nowhere/job.yaml');
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('job spec nowhere/job.yaml: there is') as string,
  });
  expect(await run(['jobs', 'create', '-f', home])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Cannot read the file .*: it is a directory/) as string,
  });
  file('large.env', `A=${'x'.repeat(2 ** 20)}`);
  const large = await run('jobs update nightly --env-vars-file large.env');
  expect(large).toMatchObject({ code: 2, stderr: expect.stringContaining('large.env is larger than') as string });
  const unknown = await run('jobs describe unknown');
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot find job [unknown]') as string });
}, 60_000);

test('what is about this machine, or for its container engine, stays here', async () => {
  const { home, file, run, env } = forwarding('echo "error: nobody is to call" >&2; exit 1');
  file('job.yaml', job);
  expect((await run('jobs validate job.yaml')).code).toBe(0);
  const { stdout } = await run('config explain --format json');
  expect(JSON.parse(stdout)).toMatchObject({
    settings: expect.arrayContaining([{ name: 'worker', value: 'jobs/worker', source: 'LOCALRUN_WORKER' }]) as object,
  });
  expect((await run('jobs list --nonsense')).code).toBe(2);
  expect((await run('jobs list')).code).toBe(1);
  expect((await run('jobs list', { env: { ...env, LOCALRUN_RUNTIME: 'docker' } })).code).toBe(0);
  expect(existsSync(path.join(home, 'localrun.db'))).toBe(true);
});

test('a connection that is not made, or breaks off, says why and what to do', async () => {
  const refused = await forwarding('echo "Defaulted container"; echo "error: no pod" >&2; exit 1').run('jobs list');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /The worker jobs\/worker cannot be reached: no pod\n.*kubectl get deployment,pods --namespace jobs/,
  );
  const broken = await forwarding(
    `echo '{"to":"out","write":"half\\\\u001b[2J\\\\n"}'; echo "command terminated with exit code 137" >&2; exit 137`,
  ).run('jobs list');
  expect(broken).toMatchObject({ code: 1, stdout: 'half\\u001b[2J\n' });
  expect(broken.stderr).toContain('The connection to the worker jobs/worker broke off');
  expect(broken.stderr).toContain('localrun jobs executions list');
  const { run, env } = forwarding();
  const none = await run('jobs list', { env: { ...env, LOCALRUN_KUBECTL: '/nonexistent/kubectl' } });
  expect(none.stderr).toContain('cannot run /nonexistent/kubectl');
});

test('nothing of a long output is lost, and the exit code is not, however slow the connection is', async () => {
  const { file, run, env, remote } = forwarding();
  const values = Array.from({ length: 20 }, (_, i) => `{ name: V${i}, value: ${'x'.repeat(30_000)} }`);
  file('job.yaml', job.replace('app }', `app, env: [${values.join(', ')}] }`));
  expect(await run('jobs replace')).toMatchObject({ code: 0 });
  const kubectl = path.join(remote, 'kubectl');
  writeFileSync(
    kubectl,
    readFileSync(kubectl, 'utf8').replace(inPod, `${inPod.slice('exec '.length)} | { sleep 2; cat; }`),
  );
  const { code, stdout, stderr } = await run('jobs describe nightly --format=json', { env });
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.stringify(JSON.parse(stdout)).length).toBeGreaterThan(600_000);
});

test('another version of localrun is refused', async () => {
  const other = `sed -u 's/"version":"[^"]*"/"version":"9.9.9"/' | ${inPod.replace('exec ', '')}`;
  const { code, stderr } = await forwarding(other).run('jobs list');
  expect(code).toBe(1);
  expect(stderr).toMatch(/The worker runs localrun \d.*, and this is localrun 9\.9\.9\.\nTry: /);
});
