import http from 'node:http';
import { duplexPair } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { FakeEngine } from '../support/fake-engine.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

const metadata = { metadata: true };
const listens = (world: World): string[] =>
  world.runtime.log.flatMap((line) => (line.startsWith('listen ') ? [line.replace(/^.*-sandbox/, '')] : []));

describe('metadata servers', () => {
  test('are there before the containers, once for each slot, and gone with the execution', async () => {
    const world = new World(new FakeEngine(), { taskCount: 6, parallelism: 2 }, {}, 32, metadata);
    const running = world.run();
    await world.advance(60);
    expect(world.runtime.log.slice(0, 2).every((line) => line.startsWith('listen'))).toBe(true);
    expect(await world.finish(running)).toMatchObject({ succeededCount: 6 });
    expect(listens(world).toSorted()).toEqual(['0', '1']);
    expect(world.runtime.listeners.size).toBe(0);
  });

  test('are announced to the containers', async () => {
    const specs: string[] = [];
    const runtime = new FakeEngine(({ env }) => ({ ms: specs.push(env['GCE_METADATA_HOST'] ?? '') && 100 }));
    const opened = vi.spyOn(runtime, 'openSandbox');
    await new World(runtime, {}, {}, 32, metadata).finish();
    expect(specs).toEqual(['metadata.google.internal']);
    expect(opened.mock.calls.map(([{ hosts }]) => hosts)).toEqual([['metadata.google.internal', 'metadata']]);
  });

  test('are none unasked', async () => {
    const world = new World(new FakeEngine(({ env }) => ({ exitCode: 'GCE_METADATA_HOST' in env ? 1 : 0 })));
    expect(completionStatus(await world.finish())).toBe('EXECUTION_SUCCEEDED');
    expect(listens(world)).toEqual([]);
  });

  test('have a sandbox even where attempts do not share one', async () => {
    const settings = { ...metadata, freshSandbox: true };
    const world = new World(new FakeEngine(), { taskCount: 3, parallelism: 1 }, {}, 32, settings);
    expect(await world.finish()).toMatchObject({ succeededCount: 3 });
    expect(listens(world)).toEqual(['0', '1', '2']);
    expect(world.runtime.listeners.size).toBe(0);
  });

  test('come back when they have ended, and when their sandbox was lost', async () => {
    const world = new World(new FakeEngine(() => ({ ms: 5000 })), { taskCount: 2, parallelism: 1 }, {}, 32, metadata);
    const running = world.run();
    await world.advance(1000);
    for (const { close } of world.runtime.listeners.values()) close();
    await world.advance(500);
    expect(listens(world)).toEqual(['0', '0']);
    for (const { close } of world.runtime.listeners.values()) close();
    world.runtime.sandboxes.clear();
    await world.finish(running);
    expect(listens(world)).toEqual(['0', '0', '0']);
  });

  test('come back when another process takes the execution over', async () => {
    const world = new World(new FakeEngine(() => ({ ms: 5000 })), {}, {}, 32, metadata);
    const first = world.run('first');
    await world.advance(1000);
    world.dead.add('first');
    // The one of the process that has died goes a little later.
    const [listener] = world.runtime.listeners.values();
    setTimeout(() => listener?.close(), 500);
    world.store.acquireLease(world.name, { token: 'x', pid: 2, processStart: '' }, Date.now(), () => false);
    world.dead.add('x');
    const second = world.run('second');
    await world.advance(2500);
    expect(listens(world).length).toBeGreaterThanOrEqual(2);
    expect(world.runtime.listeners.size).toBe(1);
    await world.finish(second);
    expect(await first).toBeUndefined();
    expect(world.runtime.listeners.size).toBe(0);
  });

  test('tell who asks about itself', async () => {
    const world = new World(new FakeEngine(() => ({ ms: 5000 })), {}, { serviceAccount: 'me@p' }, 32, metadata);
    const running = world.run();
    await world.advance(1000);
    const [listener] = world.runtime.listeners.values();
    const [client, server] = duplexPair();
    listener?.onConnection(server);
    const answer = new Promise<string>((resolve, reject) => {
      const request = http.get({
        createConnection: () => client,
        path: '/computeMetadata/v1/instance/service-accounts/default/email',
        headers: { 'Metadata-Flavor': 'Google', Connection: 'keep-alive' },
      });
      request.on('error', reject).on('response', (response) => {
        expect(response.headers.connection).toBe('close');
        response.setEncoding('utf8').on('data', resolve);
      });
    });
    await world.advance(100);
    expect(await answer).toBe('me@p');
    await world.finish(running);
  });
});
