import { expect, test } from 'vitest';
import { type Behaviour, FakeEngine } from '../support/fake-engine.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

const mebi = 2 ** 20;
const used = (most: number, more: object = {}) => ({
  peakMemoryBytes: most * mebi,
  cacheBytes: 0,
  cpuSeconds: 1,
  ...more,
});

/** What the only container of an attempt has used, which has 512 MiB. */
async function measured(behaviour: Behaviour, cancel = false): Promise<unknown> {
  const world = new World(new FakeEngine(() => behaviour), {}, { maxRetries: 0 });
  const running = world.run();
  if (cancel) {
    await world.advance(1000);
    world.cancel.abort();
  }
  await world.finish(running);
  return world.store.attempts(world.name)[0]?.usage?.['container-0'];
}

test.each<[string, Behaviour, object | undefined]>([
  ['used little', { usage: used(10) }, used(10, { oomKills: 0 })],
  ['is not measured', {}, undefined],
  ['was killed', { exitCode: 137, oomKilled: true, usage: used(512) }, used(512, { oomKills: 1, oomVictim: 'main' })],
  ['lost a child and went on', { oomKilled: true, usage: used(512) }, used(512, { oomKills: 1, oomVictim: 'child' })],
  ['lost a child, and is not measured', { exitCode: 1, oomKilled: true }, { oomKills: 1, oomVictim: 'child' }],
  [
    'lost children that the kernel has counted',
    { exitCode: 1, usage: used(512, { oomKills: 3 }) },
    used(512, { oomKills: 3, oomVictim: 'child' }),
  ],
  [
    'lost a child of which the engine heard late',
    { heardLate: true, usage: used(511) },
    used(511, { oomKills: 1, oomVictim: 'child' }),
  ],
  [
    'used its limit for files that the kernel could drop',
    { heardLate: true, usage: used(512, { cacheBytes: 300 * mebi }) },
    used(512, { cacheBytes: 300 * mebi, oomKills: 0 }),
  ],
])('a container that %s', async (_, behaviour, usage) => {
  expect(await measured(behaviour)).toEqual(usage);
});

test('nobody knows whom the kernel killed in a container that is killed anyway', async () => {
  const usage = used(512, { oomKills: 1 });
  expect(await measured({ ms: 60_000, stubborn: true, usage }, true)).toEqual(usage);
});

test('each container of an attempt is measured, and nothing is left to read when the execution ends', async () => {
  const engine = new FakeEngine(({ name }) => ({ usage: used(name.endsWith('-1-proxy') ? 20 : 40) }));
  const containers = [
    { image: 'localrun/busybox:latest', name: 'app' },
    { image: 'localrun/busybox:latest', name: 'proxy' },
  ];
  const world = new World(engine, {}, { containers });
  await world.finish();
  expect(world.store.attempts(world.name)[0]?.usage).toEqual({
    app: used(40, { oomKills: 0 }),
    proxy: used(20, { oomKills: 0 }),
  });
  expect(engine.forgotten).toEqual([`localrun-${world.name.split('/').at(-1)}-task`]);
});
