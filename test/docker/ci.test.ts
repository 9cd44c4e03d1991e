import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { ActionRun, action } from '../support/action.js';
import { repository } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

/** A PATH on which localrun is this repository's, and npm does nothing but run the test of a package. */
function pathWith(home: Home): string {
  const bin = home.scratch('bin');
  symlinkSync(path.join(repository, 'bin', 'localrun.js'), path.join(bin, 'localrun'));
  const npm = '#!/bin/sh\nif [ "$*" = test ]; then sh ./test.sh; else echo "npm $*"; fi\n';
  writeFileSync(path.join(bin, 'npm'), npm, { mode: 0o755 });
  return `${bin}${path.delimiter}${process.env['PATH']}`;
}

/** The commands in a log that GitHub's runner obeys: lines that begin with `::`, and `##[` anywhere. */
function commandsIn(log: string): string[] {
  let token: string | undefined;
  return log.split('\n').flatMap((line) => {
    const name = /^\s*::([^: ]+)[^]*?::/.exec(line)?.[1] ?? /##\[([^\] ]+)/.exec(line)?.[1];
    if (name === undefined) return [];
    if (token !== undefined) {
      if (name === token) token = undefined;
      return [];
    }
    if (name === 'stop-commands') token = line.split('::')[2];
    return [name];
  });
}

test.concurrent(
  'the action runs the spec, and GitHub shows what failed and obeys no output of it',
  async ({ home }) => {
    const env = { LOCALRUN_HOME: home.directory, PATH: pathWith(home) };
    const inputs = {
      args: '--tasks=2\n\n--set-env-vars=WORDS=two words',
      reports: 'a|b, c/reports',
      spec: '../job.json',
    };
    const run = new ActionRun(home.scratch('runner'), { ...inputs, 'working-directory': 'sub' }, env);
    mkdirSync(path.join(run.workspace, 'sub'));
    const script = `echo '::add-mask::x'; echo "##[add-mask]$WORDS"; [ $CLOUD_RUN_TASK_INDEX$CLOUD_RUN_TASK_ATTEMPT != 00 ] || exit 3
[ $CLOUD_RUN_TASK_INDEX != 1 ] || { echo 'bad shard <1>' >&2; exit 4; }`;
    writeFileSync(path.join(run.workspace, 'job.json'), readFileSync(home.script('acted', script, { maxRetries: 1 })));
    const { exitCode, stderr } = await run.step('run');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('##[add-mask]two words');
    expect(commandsIn(stderr)).toEqual(['group', 'stop-commands', 'endgroup', 'stop-commands', 'error']);
    expect(stderr).toContain(
      '::error title=acted%3A 1 of 2 tasks failed::task 1 failed with exit code 4 (attempt 2 of 2)',
    );
    expect(run.summary).toMatch(/after a retry: task 0[^]*\| 1 \| 2 \|[^]*\nbad shard <1>\n/);
    const reports = path.join(run.workspace, 'sub', 'a|b, c', 'reports');
    const outputs = Object.keys(action.outputs).map((name) => run.output(name));
    const files = ['junit.xml', 'report.html', 'report.json'].map((name) => path.join(reports, name));
    expect(outputs).toEqual([...files, reports]);
    const [junit = '', html = '', json = ''] = files.map((file) => readFileSync(file, 'utf8'));
    expect(junit).toMatch(/tests="2" failures="1" errors="0"[^]*<flakyFailure[^]*bad shard &#60;/);
    expect(html).toContain(String.raw`bad shard \u003c1>`);
    expect(JSON.parse(json)).toMatchObject({
      execution: { status: 'EXECUTION_FAILED' },
      tasks: [
        { flaky: true, attempts: [{ exitCode: 3, code: 'ABORTED' }, { exitCode: 0 }] },
        { attempts: [{}, { exitCode: 4, durationSeconds: expect.any(Number) as number }] },
      ],
    });
  },
);

/** The steps of a workflow, or a job of GitLab. */
interface Pipeline {
  jobs?: Record<string, { steps: { run?: string; uses?: string; with?: Record<string, string> }[] }>;
  nightly?: { before_script?: string[]; script?: string[] };
}

test.concurrent('the commands in docs/ci.md run as they stand there', async ({ home }) => {
  const text = readFileSync(path.join(repository, 'docs', 'ci.md'), 'utf8');
  const blocks = (language: string): string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);
  const pipelines = blocks('yaml').map((block) => parse(block) as Pipeline);
  const steps = pipelines.flatMap(({ jobs = {} }) => Object.values(jobs).flatMap((job) => job.steps));
  const ours = steps.find(({ uses }) => uses?.includes('localrun'));
  expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(ours?.with ?? {})));
  const jobs = pipelines.map(({ nightly }) => {
    const { before_script = [], script = [] } = nightly ?? {};
    return [...before_script, ...script].join('\n');
  });
  const workflows = steps.flatMap(({ run }) => run ?? []).join('\n');
  const scripts = [blocks('sh').join('\n'), workflows, ...jobs].filter(Boolean);
  expect(scripts.map((script) => script.match(/^localrun jobs run/gm)?.length)).toEqual([1, 1, 1]);

  const directory = home.scratch('repository');
  writeFileSync(path.join(directory, 'job.yaml'), readFileSync(home.script('nightly', 'echo done')));
  writeFileSync(path.join(directory, 'test.sh'), 'test -n "$LOCALRUN_SERVER" && echo tests ran');
  const env = { LOCALRUN_HOME: home.directory, PATH: pathWith(home) };
  const run = async (script: string): Promise<string> => {
    const options = { cwd: directory, env, extendEnv: false, stdin: 'ignore' } as const;
    return (await execa('sh', ['-ec', script], options)).stdout;
  };
  const [shell, ...others] = await Promise.all(scripts.map(run));
  expect(shell).toMatch(/^npm install --global localrun\n[^]*\ntests ran$/);
  for (const stdout of others) expect(stdout).toMatch(/^npm install --global localrun\n/);
  const written = ['reports/junit.xml', 'reports/job.html', 'reports/job.json', 'junit.xml', 'job.html'];
  expect(written.filter((name) => !existsSync(path.join(directory, name)))).toEqual([]);
});

test.concurrent('an interrupted run writes its report, also over an older one', async ({ home }) => {
  const file = home.script('cut', 'trap exit TERM; echo started; sleep 60 & wait');
  const report = home.file('r.json');
  writeFileSync(report, 'old');
  const run = home.start(['jobs', 'run', '-f', file, '--report', `json=${report}`]);
  await run.says('started');
  run.kill('SIGTERM');
  const { exitCode, stderr } = await run.ended;
  expect(exitCode).toBe(143);
  expect(stderr).toContain(`Wrote ${report}.`);
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
    execution: { status: 'EXECUTION_CANCELLED' },
    tasks: [{ state: 'Cancelled', attempts: [{ code: 'CANCELLED' }] }],
  });
});

test.concurrent('execute --tail writes reports, and GitHub obeys nothing of the log', async ({ home }) => {
  const report = home.file('r.xml');
  await home.run(['jobs', 'replace', home.script('waited', 'echo "##[add-mask]x"; exit 5', { maxRetries: 0 })]);
  const { exitCode, stdout } = await home.run(['jobs', 'execute', 'waited', '--tail', '--report', `junit=${report}`], {
    env: { GITHUB_ACTIONS: 'true' },
  });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('##[add-mask]x');
  expect(commandsIn(stdout)).toEqual(['group', 'stop-commands', 'endgroup']);
  expect(readFileSync(report, 'utf8')).toContain('<failure message="task 0 failed with exit code 5 (attempt 1 of 1)"');
});
