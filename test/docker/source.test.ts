import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { client, docker } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** Writes a directory with these files, and returns its path. */
function source(home: Home, files: Record<string, string>): string {
  const directory = home.file('app');
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(directory, name), content);
  return directory;
}

const image = async (home: Home, job: string): Promise<string> =>
  (await home.job(job)).template.template.containers[0]?.image ?? '';

test.concurrent(
  '--source builds the image of a job, again from the cache, and it is never pulled',
  async ({ home }) => {
    const app = source(home, {
      Dockerfile: 'FROM localrun/busybox\nWORKDIR /app\nCOPY . .\nCMD ["sh", "-c", "cat note; ls"]\n',
      '.dockerignore': 'secret\nDockerfile\n.*ignore\n',
      '.gcloudignore': 'unsent\n',
      note: 'first\n',
      secret: 'not for the image',
      unsent: 'not for Cloud Build',
    });
    const first = await home.run(['jobs', 'run', 'built', '--source', app]);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^task 0 │ first\ntask 0 │ note\n/m);
    expect(first.stderr).not.toMatch(/│ (secret|unsent)/);
    const reference = await image(home, 'built');
    expect(reference).toMatch(/^us-central1-docker\.pkg\.dev\/local-project\/cloud-run-source-deploy\/built:local-/);
    const deployed = await home.run(['jobs', 'deploy', 'built', '--source', app]);
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    expect(deployed.stderr).toContain('Building using Dockerfile and deploying container to Cloud Run job [built]');
    expect(deployed.stderr).toMatch(
      /^Built .* in [\d.]+s, all \d steps from the cache, without what \.gcloudignore names/m,
    );
    expect((await home.job('built')).generation).toBe('2');
    home.config('pull: always\n');
    docker('image', 'rm', reference);
    const gone = await home.run(['jobs', 'run', 'built']);
    expect(gone.exitCode).toBe(1);
    expect(gone.stderr).toContain('is not in this container engine. Build it again');
  },
);

test.concurrent('--build builds the image that a spec names; without a Dockerfile, pack does', async ({ home }) => {
  const name = `localrun-test/${path.basename(path.dirname(home.directory)).toLowerCase()}:dev`;
  const app = source(home, { main: 'built\n', Dockerfile: 'FROM localrun/busybox\nCOPY main /main\n' });
  const spec = home.spec('named', { image: name, command: ['cat', '/main'] });
  const run = ['jobs', 'run', '-f', spec, '--build', app];
  const { exitCode, stderr } = await home.run(run);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('task 0 │ built');
  expect(await image(home, 'named')).toBe(name);
  // A stand-in for pack: there is none for the tests. It is told what to build, and where.
  const bin = home.scratch('bin');
  const words = `echo "pack $*" >&2; [ "$1" = version ] || ${client} tag localrun/busybox "$2"`;
  writeFileSync(path.join(bin, 'pack'), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  const packed = await home.run(['jobs', 'run', '-f', spec, '--build', home.scratch('plain'), '--command=true'], {
    env: { PATH },
  });
  expect(packed.exitCode, packed.stderr).toBe(0);
  expect(packed.stderr).toContain(`│ pack build ${name} --path ${home.file('plain')} --builder gcr.io/buildpacks/`);
  docker('image', 'rm', name);
});

test.concurrent('a build that fails or is interrupted stores nothing and leaves nothing', async ({ home }) => {
  const app = source(home, { Dockerfile: 'FROM localrun/busybox\nRUN echo about to fail; exit 3\n' });
  const failed = await home.run(['jobs', 'create', 'broken', '--source', app]);
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toContain('│ about to fail\n');
  expect(failed.stderr).toContain(`has failed at step 2/2:\n${path.join(app, 'Dockerfile')}:2:1: `);
  const mark = path.basename(path.dirname(home.directory));
  source(home, { Dockerfile: `FROM localrun/busybox\nRUN echo ${mark}; sleep 60\n` });
  const command = home.start(['jobs', 'run', 'broken', '--source', app]);
  await command.says(`│ ${mark}\n`);
  command.kill('SIGINT');
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain('The build has been ended. Nothing has been stored.\n');
  expect((await home.run(['jobs', 'list'])).stdout).toBe('');
  await until(() => !docker('ps', '--all', '--no-trunc', '--format', '{{.Command}}').includes(mark));
});

test.concurrent(
  '--watch builds and runs again after each change, and ends what is under way first',
  async ({ home }) => {
    const files = { Dockerfile: 'FROM localrun/busybox\nCOPY note /note\n', note: 'one\n' };
    const app = source(home, files);
    const image = `localrun-test/${path.basename(path.dirname(home.directory)).toLowerCase()}:watched`;
    const stay = "trap 'exit 0' TERM; sleep 60 & wait";
    const spec = home.script('watched', `cat /note; grep -q one /note || { ${stay}; }`, { image, maxRetries: 0 });
    // A report in the source starts no run.
    const report = `json=${path.join(app, 'report.json')}`;
    const command = home.start(['jobs', 'run', '-f', spec, '--build', app, '--watch', '--report', report]);
    await command.says('task 0 │ one\n');
    await command.says(`Waiting for a change in [${app}] and [${spec}]. Ctrl-C ends.\n`);
    rmSync(path.join(app, 'note'));
    await command.says('Waiting for a change', 2);
    expect(command.stderr).toMatch(/^── \d\d:\d\d:\d\d {2}\S+\/note changed\n/m);
    expect(command.stderr).toContain('has failed at step 2/2:\n');
    writeFileSync(path.join(app, 'note'), 'not yet\n');
    writeFileSync(path.join(app, 'note'), 'two\n');
    await command.says('task 0 │ two\n');
    writeFileSync(`${spec}.tmp`, readFileSync(spec, 'utf8').replace('cat /note', 'echo three'));
    renameSync(`${spec}.tmp`, spec);
    await command.says('Files have changed.\n');
    await command.says('task 0 │ three\n');
    command.kill('SIGINT');
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).not.toContain('report.json changed');
    docker('image', 'rm', image);
  },
);
