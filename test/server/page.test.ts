import { expect, test } from 'vitest';
import { jobInput } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

test('the page has its paths and its policy, and no others', async () => {
  const server = await ServerWorld.open({ work: false });
  const { url } = server.server;
  for (const path of ['/', '/jobs/nightly', '/executions/p/us-central1/nightly-x7k2p', '/_localrun/page.js']) {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src/,
    );
    await response.text();
  }
  for (const [method, path] of [
    ...[['POST', '/'] as const, ['DELETE', '/jobs/nightly'] as const, ['POST', '/_localrun/events'] as const],
    ...['/jobs', '/jobs/', '/jobs/a/b', '/jobs/%2e%2e', '/_localrun/', '/_localrun/../package.json', '/x'].map(
      (path) => ['GET', path] as const,
    ),
  ]) {
    expect([path, (await server.raw(method, path)).status]).toEqual([path, 404]);
  }
  const foreign = { origin: 'http://example.com' };
  expect(await server.ask('GET', '/_localrun/yaml?job=nightly', undefined, foreign)).toMatchObject({ status: 403 });
  for (const query of ['project=%2F', 'region=..', 'execution=x&logs&task=1e3']) {
    expect(await server.ask('GET', `/_localrun/events?${query}`)).toMatchObject({ status: 400 });
  }
  expect(await server.ask('GET', '/_localrun/yaml?job=no%2Fjob')).toMatchObject({ status: 400 });
  expect(await server.ask('GET', '/_localrun/yaml?job=none')).toMatchObject({ status: 404 });
  expect(server.faults).toEqual([]);
});

test('a stream tells what is there and what changes, and goes on after a problem', async () => {
  const server = await ServerWorld.open({ work: false });
  const response = await fetch(`${server.server.url}/_localrun/events?job=nightly`);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const reads = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) text += (await reader?.read())?.value ?? '';
  };
  await reads('event: problem');
  await server.ask('POST', 'jobs?jobId=nightly', jobInput());
  await reads('event: job');
  expect(text).toContain('"executions":[]');
  await server.ask('POST', 'jobs/nightly:run');
  await reads('"status":"EXECUTION_PENDING"');
  await reader?.cancel();
  expect(server.faults).toEqual([]);
});
