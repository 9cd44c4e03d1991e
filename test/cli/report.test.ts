import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../src/model/local/settings.js';
import { openStore } from '../../src/store/sqlite.js';
import { completed } from '../../src/model/execution.js';
import { cli } from '../support/io.js';
import { someExecution, someJob, someTask, someTime } from '../support/jobs.js';

test('report prints an execution as one HTML file whose script is the one that it allows', async () => {
  const { run, home } = cli();
  const store = openStore(home);
  const job = someJob();
  const execution = completed(someExecution(job), { cancelled: false, time: someTime }, someTime);
  store.saveJob(job);
  store.createExecution(execution, defaultSettings);
  store.saveTask(execution.name, someTask(0, { state: 'Succeeded' }));
  store.close();
  const { stdout, code } = await run('jobs executions report nightly-x7k2p --project p --html --log-lines=5');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<!doctype html>/);
  const [, script = ''] = /<script type="module">([\s\S]*?)<\/script>/.exec(stdout) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(stdout).toContain(`script-src 'sha256-${hash}'`);
  const [, data = ''] = /<script type="application\/json" id="frozen">(.*)<\/script>/.exec(stdout) ?? [];
  expect(JSON.parse(data)).toMatchObject({ tasks: [{ index: 0, state: 'Succeeded' }], logs: { entries: [] } });
});
