import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../src/model/local/settings.js';
import { openStore } from '../../src/store/sqlite.js';
import { completed, counted } from '../../src/model/execution.js';
import { type Cli, cli } from '../support/io.js';
import { someExecution, someJob, someTask, someTime } from '../support/jobs.js';

/** A command line whose store has a failed execution, nightly-x7k2p. */
function withExecution(): Cli {
  const world = cli();
  const store = openStore(world.home);
  const job = someJob();
  const failed = someTask(0, {
    state: 'Failed',
    lastAttemptResult: { status: { code: 10, message: 'x' }, exitCode: 3 },
  });
  const counts = counted(someExecution(job), someTask(0), failed, someTime);
  const execution = completed(counts, { cancelled: false, failed, time: someTime }, someTime);
  store.saveJob(job);
  store.createExecution(execution, defaultSettings);
  store.saveTask(execution.name, failed);
  const status = { code: 10, message: 'The container exited with an error.' };
  store.saveAttempt(execution.name, {
    ...{ task: 0, attempt: 0, name: 'n', handle: 'h', createTime: someTime, startTime: someTime, endTime: someTime },
    outcome: { ...status, exitCode: 3 },
  });
  store.close();
  return world;
}

const report = 'jobs executions report nightly-x7k2p --project p';

test('report prints an execution as one HTML file whose script is the one that it allows', async () => {
  const { stdout, code } = await withExecution().run(`${report} --html --log-lines=5`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<!doctype html>/);
  const [, script = ''] = /<script type="module">([\s\S]*?)<\/script>/.exec(stdout) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(stdout).toContain(`script-src 'sha256-${hash}'`);
  const [, data = ''] = /<script type="application\/json" id="frozen">(.*)<\/script>/.exec(stdout) ?? [];
  expect(JSON.parse(data)).toMatchObject({ tasks: [{ index: 0, state: 'Failed' }], logs: { skipped: 0 } });
});

test('report prints JUnit XML or JSON, or writes several files', async () => {
  const { run, home } = withExecution();
  expect((await run(`${report} --junit`)).stdout).toContain('<testcase name="task 0" classname="nightly"');
  expect(JSON.parse((await run(`${report} --json`)).stdout)).toMatchObject({ execution: { id: 'nightly-x7k2p' } });
  writeFileSync(path.join(home, 'real.xml'), 'old');
  symlinkSync('real.xml', path.join(home, 'link.xml'));
  const before = readdirSync(home);
  expect(await run(`${report} --report junit=link.xml,json=r.json --report html=r.html`)).toEqual({
    ...{ code: 0, stdout: '', stderr: expect.stringMatching(/\nWrote link\.xml, r\.json, r\.html\.\n$/) as string },
  });
  expect(readFileSync(path.join(home, 'real.xml'), 'utf8')).toMatch(/^<\?xml/);
  expect(readdirSync(home).filter((name) => !before.includes(name))).toEqual(['r.html', 'r.json']);
  const { code, stderr } = await run(`${report} --json --report html=r.html`);
  expect(code).toBe(2);
  expect(stderr).toContain('At most one of --junit | --html | --json | --report can be specified.');
});

test('wait writes reports of an execution that has failed, and tells GitHub of it', async () => {
  const { run, home } = withExecution();
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path.join(home, 'summary.md') };
  writeFileSync(env.GITHUB_STEP_SUMMARY, 'before\n');
  const { code, stderr } = await run('jobs executions wait nightly-x7k2p --project p --report json=r.json', { env });
  expect(code).toBe(1);
  expect(JSON.parse(readFileSync(path.join(home, 'r.json'), 'utf8'))).toMatchObject({ tasks: [{ state: 'Failed' }] });
  expect(stderr).toMatch(
    /^::group::Job nightly\n::stop-commands::(\S+)\n[\s\S]*Wrote r\.json\.\n::\1::\n::endgroup::\n::error title=nightly%3A 1 of 1 task failed::task 0 failed with exit code 3 \(attempt 1 of 4\)\n/,
  );
  expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toMatch(/^before\n### ❌ nightly: 1 of 1 task failed\n/);
});

test('a report that cannot be written is told before anything is stored, all of them at once', async () => {
  const { run, home, file } = cli();
  mkdirSync(path.join(home, 'directory'));
  file('file', '');
  const { code, stderr } = await run(
    'jobs run hello --image i --report junit=none/r.xml,html=directory,json=file/r.json',
  );
  expect(code).toBe(2);
  expect(stderr).toBe(`ERROR: (localrun.jobs.run) 3 reports could not be written, so nothing was run.
--report junit=none/r.xml: there is no directory ${home}/none
    Try: mkdir -p ${home}/none
--report html=directory: is a directory
--report json=file/r.json: ${home}/file is not a directory
`);
  expect(readdirSync(home).toSorted()).toEqual(['directory', 'file']);
});

test.each([
  ['junit=r.xml,json=./r.xml', 'junit goes to the same file'],
  ['xml=r.xml', 'argument --report: "xml" is not one of junit, html, json'],
  ['junit=', 'argument --report: junit has no file. Write junit=FILE.'],
  ['junit', 'Bad syntax for dict arg: [junit]'],
])('--report %s is refused', async (value, message) => {
  const { code, stderr } = await cli().run(`jobs run hello --image i --report ${value}`);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('execute needs --wait or --tail to write a report', async () => {
  const { code, stderr } = await cli().run('jobs execute hello --report junit=r.xml');
  expect(code).toBe(2);
  expect(stderr).toContain('--report needs --wait or --tail');
});
