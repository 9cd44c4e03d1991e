import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { test } from '../support/home.js';

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

test.concurrent('a failed run reports itself on GitHub, and its output gives no commands', async ({ home }) => {
  const script = `echo '::add-mask::x'; echo '##[add-mask]x'; [ $CLOUD_RUN_TASK_INDEX$CLOUD_RUN_TASK_ATTEMPT != 00 ] || exit 3
[ $CLOUD_RUN_TASK_INDEX != 1 ] || { echo 'bad shard <1>' >&2; exit 4; }`;
  const file = home.script('reported', script, { taskCount: 2, maxRetries: 1 });
  const [junit, json, html] = ['r.xml', 'r.json', 'r.html'].map((name) => home.file(name));
  const summary = home.file('summary.md');
  const args = ['jobs', 'run', '-f', file, `--report=junit=${junit},json=${json},html=${html}`];
  const { exitCode, stderr } = await home.run(args, {
    env: { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
  });
  expect(exitCode).toBe(1);
  expect(commandsIn(stderr)).toEqual(['group', 'stop-commands', 'endgroup', 'stop-commands', 'error']);
  expect(stderr).toContain('::error title=reported%3A 1 of 2 tasks failed::task 1 failed with exit code 4 (attempt 2');
  expect(readFileSync(summary, 'utf8')).toMatch(/after a retry: task 0[^]*\| 1 \| 2 \|[^]*\nbad shard <1>\n/);
  expect(JSON.parse(readFileSync(json ?? '', 'utf8'))).toMatchObject({
    execution: { status: 'EXECUTION_FAILED' },
    tasks: [
      { flaky: true, attempts: [{ exitCode: 3, code: 'ABORTED' }, { exitCode: 0 }] },
      { attempts: [{}, { exitCode: 4, durationSeconds: expect.any(Number) as number }] },
    ],
  });
  expect(readFileSync(junit ?? '', 'utf8')).toMatch(
    /tests="2" failures="1" errors="0"[^]*<flakyFailure[^]*bad shard &#60;/,
  );
  expect(readFileSync(html ?? '', 'utf8')).toContain('bad shard \\u003c1>');
});

test.concurrent('an interrupted run writes its report, also over an older one', async ({ home }) => {
  const file = home.script('cut', 'echo started; exec sleep 60', { terminationGracePeriod: '1s' });
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

test.concurrent('execute --wait writes reports', async ({ home }) => {
  const report = home.file('r.xml');
  await home.run(['jobs', 'replace', home.script('waited', 'exit 5', { maxRetries: 0 })]);
  const { exitCode } = await home.run(['jobs', 'execute', 'waited', '--wait', '--report', `junit=${report}`]);
  expect(exitCode).toBe(1);
  expect(readFileSync(report, 'utf8')).toContain('<failure message="task 0 failed with exit code 5 (attempt 1 of 1)"');
});
