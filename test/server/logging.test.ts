import { appendFileSync, mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { expect, test, vi } from 'vitest';
import { type LogEntry, entryText } from '../../src/model/log-entry.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import { someExecution, someJob, someTask } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

interface Listed {
  entries: LogEntry[];
  nextPageToken?: string;
}

/** A server with two executions of a job, of five lines each. */
async function open(): Promise<ServerWorld> {
  const server = await ServerWorld.open();
  const { store, logs } = server.world;
  const job = someJob();
  store.saveJob(job);
  for (const [minute, suffix] of ['aaaaa', 'bbbbb'].entries()) {
    const execution = someExecution(job, suffix);
    store.createExecution(execution, defaultSettings);
    store.saveTask(execution.name, someTask(0));
    const createTime = `2026-11-23T12:0${minute}:00.000000Z`;
    store.saveAttempt(execution.name, { task: 0, attempt: 0, name: 'c', handle: 'h', createTime });
    mkdirSync(logs.directory(execution.name), { recursive: true });
    const lines = [0, 1, 2, 3, 4].map((i) => `2026-11-23T12:0${minute}:0${i}.0Z ${lineOf(suffix, i)}\n`);
    appendFileSync(logs.file(execution.name, { task: 0, attempt: 0 }, 'stdout'), lines.join(''));
  }
  return server;
}

/** All lines of the second execution claim the same id. */
const lineOf = (suffix: string, i: number): string =>
  suffix === 'aaaaa'
    ? `a${i}`
    : JSON.stringify({
        severity: i < 3 ? 'INFO' : 'ERROR',
        message: `b${i}`,
        'logging.googleapis.com/insertId': 'same',
      });

const list = (server: ServerWorld, body: object): ReturnType<typeof server.ask<Listed>> =>
  server.ask<Listed>('POST', '/v2/entries:list?alt=json', { resourceNames: ['projects/p'], ...body });

/** The texts of all pages. */
async function texts(server: ServerWorld, query: object): Promise<string[][]> {
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const { body } = await list(server, { ...query, ...(pageToken && { pageToken }) });
    pages.push(body.entries.map(entryText));
    pageToken = body.nextPageToken;
  } while (pageToken);
  return pages;
}

test('entries are listed by filter and order, page by page', async () => {
  const server = await open();
  const [a, b] = ['a', 'b'].map((letter) => [0, 1, 2, 3, 4].map((i) => `${letter}${i}`));
  const all = [...(a ?? []), ...(b ?? [])];
  expect(await texts(server, {})).toEqual([all]);
  expect(await texts(server, { resourceNames: ['projects/123'], orderBy: 'timestamp desc' })).toEqual([
    all.toReversed(),
  ]);
  const inPages = (of: string[]): string[][] => [0, 4, 8].map((from) => of.slice(from, from + 4));
  expect(await texts(server, { pageSize: 4, orderBy: 'timestamp asc' })).toEqual(inPages(all));
  expect(await texts(server, { pageSize: 4, orderBy: 'timestamp desc' })).toEqual(inPages(all.toReversed()));
  expect(await texts(server, { pageSize: 10 })).toEqual([all]);
  const listing = vi.spyOn(server.world.store, 'executions');
  expect(await texts(server, { filter: 'labels."run.googleapis.com/execution_name"="nightly-bbbbb"' })).toEqual([b]);
  expect(listing).not.toHaveBeenCalled();
  // What `gcloud run jobs logs read` sends.
  const gcloud = `resource.type = "cloud_run_job" AND resource.labels.job_name = "nightly" AND resource.labels.location = "us-central1" AND severity >= ERROR AND timestamp>="2026-11-23T12:00:00Z"`;
  expect(await texts(server, { filter: gcloud, orderBy: 'timestamp desc', pageSize: 1000 })).toEqual([['b4', 'b3']]);
  expect(await texts(server, { filter: 'resource.labels.location="europe-west1"' })).toEqual([[]]);
  expect(await texts(server, { resourceNames: ['projects/other'] })).toEqual([[]]);
  const { body } = await list(server, { pageSize: 1 });
  expect(body.entries).toMatchObject([
    {
      logName: 'projects/p/logs/run.googleapis.com%2Fstdout',
      resource: { type: 'cloud_run_job', labels: { job_name: 'nightly' } },
      timestamp: '2026-11-23T12:00:00.000000Z',
    },
  ]);
  expect(server.faults).toEqual([]);
});

test('wrong queries are refused', async () => {
  const server = await open();
  for (const [body, message] of [
    [{ orderBy: 'severity' }, 'order_by: must be'],
    [{ pageSize: -1 }, 'page_size: must not be negative, got -1'],
    [{ pageToken: 'x' }, 'page_token: is not that of the page before'],
    [{ filter: 'severity=' }, 'filter: expected a value'],
    [{ resourceNames: [] }, 'resource_names: must not be empty'],
    [{ resourceNames: ['organizations/1'] }, 'resource_names: must be projects/PROJECT'],
    [{ typo: 1 }, 'Invalid JSON payload received. Unknown name "typo"'],
  ] as const) {
    expect(await list(server, body)).toMatchObject({
      status: 400,
      body: {
        error: {
          status: 'INVALID_ARGUMENT',
          message: expect.stringMatching(new RegExp(`^${message}`)) as string,
        },
      },
    });
  }
  expect(await server.ask('GET', '/v2/entries:list')).toMatchObject({ status: 404 });
});

test('reading ends when the client has gone', async () => {
  const server = await ServerWorld.open();
  const { store, logs } = server.world;
  const job = someJob();
  store.saveJob(job);
  const ids = Array.from({ length: 50 }, (_, i) => String(i).padStart(5, 'b'));
  for (const [i, suffix] of ids.entries()) {
    const execution = someExecution(job, suffix);
    store.createExecution(execution, defaultSettings);
    store.saveTask(execution.name, someTask(0));
    const minute = `2026-11-23T12:${String(i).padStart(2, '0')}`;
    store.saveAttempt(execution.name, {
      ...{ task: 0, attempt: 0, name: 'c', handle: 'h', createTime: `${minute}:00.000000Z` },
    });
    mkdirSync(logs.directory(execution.name), { recursive: true });
    appendFileSync(
      logs.file(execution.name, { task: 0, attempt: 0 }, 'stdout'),
      `${minute}:01.0Z a line\n`.repeat(1000),
    );
  }
  const opened = vi.spyOn(logs, 'file');
  const asked = request(`${server.server.url}/v2/entries:list`, { method: 'POST', agent: false });
  asked.on('error', () => {});
  asked.end(JSON.stringify({ resourceNames: ['projects/p'], orderBy: 'timestamp desc' }));
  await vi.waitFor(() => expect(opened).toHaveBeenCalled(), { interval: 1 });
  asked.destroy();
  await vi.waitFor(async () => {
    const before = opened.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(opened.mock.calls.length).toBe(before);
  });
  expect(opened.mock.calls.length).toBeLessThan(80);
  expect(server.faults).toEqual([]);
});
