import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { hasControls } from '../../src/model/printable.js';
import { openServer } from '../../src/server/server.js';
import { frozenPage } from '../../src/server/page/frozen-page.js';
import { Browser, type Tab } from '../support/browser.js';
import { FakeEngine } from '../support/fake-engine.js';
import { type Course, storedExecution, storedJob, writtenLog } from '../support/filled.js';
import { jobInput } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';
import { tempDirectory } from '../support/temp.js';

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.open();
});
afterAll(() => browser.close());

type Options = Parameters<Browser['tab']>[1];

/** Opens an address, and checks at the end of the test that the browser had nothing to complain about but this. */
async function show(url: string, options?: Options, but: readonly unknown[] = []): Promise<Page> {
  const tab: Tab = await browser.tab(url, options);
  onTestFinished(async () => {
    await tab.page.close();
    expect(tab.complaints).toEqual(but);
  });
  return tab.page;
}

/** Clicks what has this role and name. */
const press = (page: Page, role: 'button' | 'tab' | 'link', name: string | RegExp): Promise<void> =>
  page.getByRole(role, { name, exact: true }).first().click();

/** Waits until an element with this text is visible. */
const sees = (page: Page, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

const minute = 60_000;
const succeeded = (at: number, ran: number): Course => ({ state: 'Succeeded', attempts: [{ at, ran }] });

/** A server whose store has an execution of 40 tasks: task 7 succeeded in its second attempt, task 9 failed. */
async function filled(): Promise<{ server: ServerWorld; url: string; began: number; name: string }> {
  const server = await ServerWorld.open({ work: false });
  const { world } = server;
  world.now = Date.now();
  const began = world.now - 10 * minute;
  const containers = [{ image: 'acme/report', args: ['--day', 'today'], env: [{ name: 'BUCKET', value: 'a' }] }];
  const job = storedJob(world, 'nightly', jobInput({ taskCount: 40, parallelism: 8 }, { containers, maxRetries: 1 }));
  const usage = { 'container-0': { peakMemoryBytes: 42_991_616, cpuSeconds: 1.25 } };
  const { name } = storedExecution(world, job, 'x7k2p', began, (i) => {
    const at = Math.floor(i / 8) * 10;
    if (i === 7)
      return {
        state: 'Succeeded',
        attempts: [
          { at, ran: 2, exitCode: 1 },
          { at: at + 3, ran: 4 },
        ],
      };
    if (i === 9)
      return {
        state: 'Failed',
        attempts: [
          { at, ran: 2, exitCode: 3 },
          { at: at + 3, ran: 4, exitCode: 3, usage },
        ],
      };
    return succeeded(at, 5);
  });
  return { server, url: server.server.url, began, name };
}

test('jobs are run and cancelled, and everything is shown as it happens', async () => {
  const runtime = new FakeEngine(({ env }) => ({ ms: JSON.stringify(env).includes('SLOW') ? minute : 20 }));
  const server = await ServerWorld.open({ runtime });
  server.world.now = Date.now();
  const page = await show(server.server.url, {}, [expect.stringContaining('status of 503')]);
  await sees(page, 'Nothing has run yet.');
  await sees(page, 'Live');
  await server.ask('POST', 'jobs?jobId=nightly', jobInput({ taskCount: 3 }));
  await press(page, 'link', 'nightly');
  await sees(page, 'It has not run yet.');
  await press(page, 'button', 'Run');
  await page.locator('h1 + .status', { hasText: 'Succeeded' }).waitFor();
  expect(await page.title()).toMatch(/^Succeeded · nightly-\w{5} · localrun$/);
  const first = new URL(page.url()).pathname;
  expect(await page.getByRole('gridcell').count()).toBe(3);

  await press(page, 'button', 'Run with overrides…');
  await page.getByRole('dialog').getByLabel('Tasks').fill('2');
  await page.getByLabel('Timeout of an attempt').fill('1x');
  await sees(page, /is not a duration/);
  await page.getByLabel('Timeout of an attempt').fill('5m');
  await press(page, 'button', 'Add variable');
  await page.getByLabel('Name of variable 1').fill('SLOW');
  await page.getByLabel('Value of variable 1').fill(`it's, slow`);
  await press(page, 'button', 'Add argument');
  await page.getByLabel('Argument 1', { exact: true }).fill('--full');
  await sees(
    page,
    String.raw`localrun jobs execute nightly --region=us-central1 --project=p --tasks=2 --task-timeout=300s --args=--full '--update-env-vars=^;^SLOW=it'\''s, slow'`,
  );
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL((url) => url.pathname !== first);
  await sees(page, 'Running 2');
  const second = decodeURIComponent(new URL(page.url()).pathname.replace(/.*\//, ''));
  expect(server.world.store.findExecution('p', 'us-central1', second)).toMatchObject({
    taskCount: 2,
    template: {
      timeout: '300s',
      containers: [{ args: ['--full'], env: [{ name: 'SLOW', value: `it's, slow` }] }],
    },
  });
  await press(page, 'button', 'Cancel');
  await page.locator('h1 + .status', { hasText: 'Cancelled' }).waitFor();
  // What is run again is what was run, with its overrides.
  await press(page, 'button', 'Run again');
  await page.waitForURL((url) => !url.pathname.endsWith(second) && url.pathname !== first);
  await sees(page, 'Running 2');
  await press(page, 'button', 'Cancel');
  await page.locator('h1 + .status', { hasText: 'Cancelled' }).waitFor();
  await page.goBack();
  await page.goBack();
  await page.waitForURL((url) => url.pathname === first);
  await page.locator('h1 + .status', { hasText: 'Succeeded' }).waitFor();

  runtime.gone = true;
  await press(page, 'button', 'Run again');
  await page.getByRole('alert').getByText('The engine is gone.').waitFor();
  expect(server.faults).toEqual([]);
});

test('tasks, attempts, YAML and commands of an execution, by keyboard and by address', async () => {
  const { url } = await filled();
  const page = await show(`${url}/executions/nightly-x7k2p`);
  const grid = page.getByRole('grid', { name: 'Tasks' });
  await grid.getByRole('gridcell', { name: 'Task 9: failed, exit code 3, 2 attempts' }).waitFor();
  await grid.getByRole('gridcell').first().focus();
  for (const key of ['End', 'ArrowLeft', 'Home', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  await page.getByRole('complementary', { name: 'Task 1' }).waitFor();
  expect(page.url()).toContain('task=1');
  await press(page, 'button', /^Failed/);
  expect(await grid.getByRole('gridcell').count()).toBe(1);
  await grid.getByRole('gridcell').click();
  const attempts = page.getByRole('complementary', { name: 'Task 9' }).getByRole('row');
  expect(await attempts.count()).toBe(3);
  expect(await attempts.last().getByRole('cell').allInnerTexts()).toEqual(
    expect.arrayContaining(['41 MiB', '1.2 s']) as string[],
  );
  await press(page, 'button', /^Failed/);
  await page.getByLabel('Go to task').fill('7');
  await page.getByRole('complementary', { name: 'Task 7' }).waitFor();

  await page.getByRole('tab', { name: /^Tasks/ }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tabpanel', { name: 'Timeline' }).waitFor();
  const line = page.getByRole('option', {
    name: 'Task 7: succeeded, 2 attempts; attempt 0 failed, exit code 1, ran 2.0 s; attempt 1 succeeded, ran 4.0 s',
  });
  expect(await line.locator('.bar:not(.wait)').count()).toBe(2);
  await line.focus();
  for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
  await page.getByRole('complementary', { name: 'Task 9' }).waitFor();

  await press(page, 'tab', 'YAML');
  await sees(page, /kind: Execution/);
  await page.getByLabel(/^v2/).check();
  await sees(page, /completionTime: /);
  await press(page, 'tab', 'Commands');
  await sees(page, 'gcloud run jobs executions describe nightly-x7k2p --region=us-central1 --project=p');
  await press(page, 'button', 'Copy: Show the execution, with localrun');
  await sees(page, 'Copied');

  // The address alone shows the same again.
  const { pathname, search } = new URL(page.url());
  const again = await show(url + pathname + search.replace('commands', 'timeline'));
  await again.getByRole('complementary', { name: 'Task 9' }).waitFor();
  await again.getByRole('option', { name: /^Task 9:/, selected: true }).waitFor();
});

test('logs come as they are written, and are searched and filtered', async () => {
  const server = await ServerWorld.open({ work: false });
  const { world } = server;
  world.now = Date.now();
  const job = storedJob(world, 'nightly', jobInput({ taskCount: 2 }));
  const { name } = storedExecution(world, job, 'x7k2p', world.now, (i) =>
    i === 0 ? succeeded(0, 1) : { state: 'Running', attempts: [{ at: 0 }] },
  );
  writtenLog(world, name, { task: 0, attempt: 0 }, world.now, [
    [0.1, 'first line'],
    [0.2, '{"severity":"ERROR","message":"it broke","code":17}'],
    ...Array.from({ length: 5000 }, (_, i) => [0.3 + i / 1e4, `row ${i}`] as const),
  ]);
  const page = await show(`${server.server.url}/executions/nightly-x7k2p?tab=logs`);
  const log = page.getByRole('log');
  await log.getByText('row 4999').waitFor();
  expect(await log.locator('.entry').count()).toBeLessThan(100);
  const running = world.logs.create(name, { task: 1, attempt: 0, container: undefined }, () => {});
  running.write('stderr', Buffer.from('2026-11-29T12:00:00.000000Z live one\n'));
  await log.getByText('live one').waitFor();

  const onlyOne = (): Promise<void> => expect.poll(() => log.locator('.entry').count(), { timeout: 10_000 }).toBe(1);
  const search = page.getByLabel('Search the log');
  await search.fill('ROW 12');
  await sees(page, '1 of 111');
  await search.press('Enter');
  await sees(page, '2 of 111');
  await log.locator('.marked', { hasText: 'row 120' }).waitFor();
  await page.getByLabel('Previous match').click();
  await log.locator('.marked mark', { hasText: 'row 12' }).waitFor();
  await page.getByLabel('Matches only').check();
  expect(await log.getByText('row 13', { exact: true }).count()).toBe(0);
  // What only the payload has is found, too.
  await search.fill('"code": 17');
  await sees(page, '1 of 1');
  await log.getByText('it broke').click();
  await page.getByRole('complementary', { name: 'Log entry' }).getByText('"code": 17').waitFor();
  await search.fill('');
  await page.getByLabel('Severity').selectOption('ERROR');
  await onlyOne();
  await page.getByLabel('Severity').selectOption('DEFAULT');
  await page.getByLabel('Stream').selectOption('stderr');
  await onlyOne();
  await log.getByText('live one').waitFor();
  await page.getByLabel('Stream').selectOption('');
  await page.getByLabel('Task', { exact: true }).fill('1');
  await page.getByLabel('Task', { exact: true }).press('Enter');
  await onlyOne();
  expect(page.url()).toContain('task=1');
  running.write('stderr', Buffer.from('2026-11-29T12:00:01.000000Z live two\n'));
  await log.getByText('live two').waitFor();
  running.close();
});

test('10,000 tasks stay usable', async () => {
  const server = await ServerWorld.open({ work: false });
  const { world } = server;
  world.now = Date.now();
  const job = storedJob(world, 'large', jobInput({ taskCount: 10_000 }));
  const execution = storedExecution(world, job, 'x7k2p', world.now - minute, (i) =>
    i === 9876 ? { state: 'Running', attempts: [{ at: 1 }] } : succeeded(i / 1000, 1),
  );
  const page = await show(`${server.server.url}/executions/large-x7k2p`);
  await sees(page, 'Succeeded 9,999');
  const cells = page.getByRole('gridcell');
  expect(await cells.count()).toBeLessThan(3000);
  await cells.first().focus();
  await page.keyboard.press('End');
  await page.getByRole('gridcell', { name: 'Task 9999: succeeded' }).waitFor();
  await expect.poll(() => page.locator(':focus').getAttribute('aria-label')).toBe('Task 9999: succeeded');
  await page.getByLabel('Go to task').fill('9876');
  await page.getByRole('gridcell', { name: 'Task 9876: running', selected: true }).waitFor();
  const [task] = world.store.tasks(execution.name, ['Running']);
  if (!task) throw new Error('no task runs');
  world.store.saveTask(execution.name, { ...task, state: 'Failed', updateTime: '2026-12-01T00:00:00.000000Z' });
  world.store.saveExecution({ ...execution, etag: '"new"', failedCount: 1 });
  await page
    .getByRole('gridcell', { name: /^Task 9876: .*/, selected: true })
    .and(page.locator('.failed'))
    .waitFor();
  await press(page, 'tab', 'Timeline');
  await page.getByRole('option', { name: /^Task 9876:/, selected: true }).waitFor();
  expect(await page.getByRole('option').count()).toBeLessThan(100);
});

test('nothing that a job says is HTML, and the browser would refuse it', async () => {
  const server = await ServerWorld.open({ work: false });
  const { world } = server;
  world.now = Date.now();
  const evil = '<img src=x onerror=window.broken=1>';
  const containers = [{ image: evil, args: [evil, '</script><script>window.broken=1</script>'] }];
  const job = storedJob(world, evil, jobInput({}, { containers }));
  const { name } = storedExecution(world, job, evil, world.now - minute, () => succeeded(0, 1));
  const plain = storedJob(world, 'plain', jobInput({}, { containers }));
  const logged = storedExecution(world, plain, 'x7k2p', world.now - minute, () => succeeded(0, 1));
  writtenLog(world, logged.name, { task: 0, attempt: 0 }, world.now, [
    [0.1, evil],
    [0.2, JSON.stringify({ message: evil, html: '</script><script>window.broken=1</script>' })],
  ]);
  const page = await show(server.server.url);
  await page
    .getByRole('link', { name: name.slice(name.lastIndexOf('/') + 1) })
    .first()
    .waitFor();
  await page.goto(`${server.server.url}/executions/plain-x7k2p?tab=logs&find=img`);
  await page.getByRole('log').getByText(evil).first().waitFor();
  await press(page, 'tab', 'YAML');
  await sees(page, /onerror/);
  await page.goto(`${server.server.url}/jobs/plain`);
  await press(page, 'button', 'Run with overrides…');
  expect(await page.evaluate('[window.broken, document.images.length]')).toEqual([undefined, 0]);

  const file = path.join(tempDirectory(), 'report.html');
  writeFileSync(file, await frozenPage(world.call, logged, { logLines: 10 }));
  const frozen = await show(`${pathToFileURL(file).href}#?tab=logs`);
  await frozen.getByRole('log').getByText(evil).first().waitFor();
  expect(await frozen.evaluate('[window.broken, document.images.length]')).toEqual([undefined, 0]);
  // Refusals are complaints, which this test causes on purpose.
  const refused = await browser.tab(server.server.url);
  const set = `try { document.body.innerHTML = 'x'; 'set' } catch (error) { error.name }`;
  expect(await refused.page.evaluate(set)).toBe('TypeError');
  await refused.page.evaluate(
    `document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.2/' }))`,
  );
  await expect.poll(() => refused.complaints.join()).toContain('Content Security Policy');
  await refused.page.close();
});

test('a report is the page as one file, without a server', async () => {
  const { server, name, began } = await filled();
  const { world } = server;
  writtenLog(world, name, { task: 9, attempt: 0 }, began, [
    ...Array.from({ length: 30 }, (_, i) => [11 + i / 100, `line ${i}`] as const),
  ]);
  const execution = world.store.execution(name);
  if (!execution) throw new Error('it is gone');
  const html = await frozenPage(world.call, execution, { logLines: 60 });
  // The command line would escape them, and the hash of the script would not fit.
  expect(hasControls(html)).toBe(false);
  const file = path.join(tempDirectory(), 'report.html');
  writeFileSync(file, html);
  await server.server.close();
  const requests: string[] = [];
  const page = await show('about:blank');
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${pathToFileURL(file).href}#?task=9`);
  await page.getByRole('complementary', { name: 'Task 9' }).waitFor();
  expect(await page.getByRole('button', { name: /^Run|^Cancel/ }).count()).toBe(0);
  await press(page, 'link', 'Logs of this task');
  await page.getByRole('log').getByText('line 29').waitFor();
  await sees(page, '12 older lines are not shown.');
  await press(page, 'tab', 'Timeline');
  await page.getByRole('option', { name: /^Task 9:/, selected: true }).waitFor();
  await press(page, 'tab', 'YAML');
  await sees(page, /kind: Execution/);
  expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
});

test('narrow and dark', async () => {
  const { url } = await filled();
  for (const width of [360, 768, 1600]) {
    const page = await show(`${url}/executions/nightly-x7k2p?task=9`, {
      viewport: { width, height: 740 },
      colorScheme: 'dark',
    });
    for (const tab of ['Tasks', 'Timeline', 'Logs', 'YAML', 'Commands']) {
      await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click();
      await page.getByRole('tabpanel', { name: new RegExp(`^${tab}`) }).waitFor();
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect([width, tab, await page.evaluate(over)]).toEqual([width, tab, 0]);
    }
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 22, 25)');
  }
});

test('a page finds its server again, and says what it cannot show', async () => {
  const { server, url } = await filled();
  const { page } = await browser.tab(`${url}/jobs/nightly`);
  await sees(page, 'Live');
  await server.server.close();
  await sees(page, 'Not connected');
  const { call } = server.world;
  const next = await openServer({
    ...{ host: '127.0.0.1', port: server.server.port, call: { ...call, project: 'p', location: 'us-central1' } },
    report: (error) => server.faults.push(error),
  });
  onTestFinished(() => next.close());
  await sees(page, 'Live');
  await page.goto(`${url}/executions/nothing`);
  await page.getByRole('alert').getByText(`Resource 'nothing' of kind 'EXECUTION' in region 'us-central1'`).waitFor();
  await page.close();
  expect(server.faults).toEqual([]);
});

test('a token moves from the address into a cookie', async () => {
  const server = await ServerWorld.open({ work: false, token: 's e/cret' });
  server.world.now = Date.now();
  storedJob(server.world, 'nightly');
  const { url } = server.server;
  expect((await fetch(url)).status).toBe(401);
  const page = await show(`${url}/jobs/nightly?access_token=${encodeURIComponent('s e/cret')}&tab=yaml`);
  await sees(page, /kind: Job/);
  expect(page.url()).toBe(`${url}/jobs/nightly?tab=yaml`);
});
