import { expect } from 'vitest';
import { contexts } from '../support/contexts.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { type Home, test } from '../support/home.js';

type Env = Record<string, string>;

const ways: [way: string, env: (home: Home, unix: string, tcp: string) => Env][] = [
  ['DOCKER_HOST with a socket', (_, unix) => ({ DOCKER_HOST: unix })],
  ['DOCKER_HOST with a port', (_, __, tcp) => ({ DOCKER_HOST: tcp })],
  ['DOCKER_CONTEXT', (home, unix) => ({ DOCKER_CONFIG: contexts(home, unix, false), DOCKER_CONTEXT: 'other' })],
  ['the context in use', (home, unix) => ({ DOCKER_CONFIG: contexts(home, unix, true) })],
];

test.concurrent.for(ways)('%s says which engine runs the tasks', async ([, env], { home, onTestFinished }) => {
  const proxy = new EngineProxy(home.file('engine.sock'));
  await proxy.open();
  onTestFinished(() => proxy.cut());
  const command = home.inline(['jobs', 'run', '-f', home.script('there', 'echo here')], {
    env: env(home, proxy.host, await proxy.listenOnPort()),
  });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual(['here']);
  expect(proxy.connections).toBeGreaterThan(0);
});

test.concurrent('an engine that does not answer is named', async ({ home }) => {
  const file = home.script('nowhere', 'true');
  for (const [env, endpoint] of [
    [{ DOCKER_HOST: 'tcp://127.0.0.1:1' }, 'tcp://127.0.0.1:1'],
    [{ DOCKER_CONFIG: contexts(home, 'unix:///nonexistent.sock', true) }, 'unix:///nonexistent.sock'],
  ] as const) {
    const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file], { env });
    expect(exitCode).toBe(1);
    expect(stderr.replaceAll('%2F', '/')).toContain(endpoint);
  }
});

test.concurrent(
  'a client may speak an older version of the API, and one that is too new is reported',
  async ({ home }) => {
    const file = home.script('older', 'echo here');
    const older = await home.run(['jobs', 'run', '-f', file], { env: { DOCKER_API_VERSION: '1.41' } });
    expect(older.exitCode, older.stderr).toBe(0);
    const newer = await home.run(['jobs', 'run', '-f', file], { env: { DOCKER_API_VERSION: '1.99' } });
    expect(newer.exitCode).toBe(1);
    expect(newer.stderr).toContain('The container engine does not take our calls: ');
    expect(newer.stderr).toContain('Try: unset DOCKER_API_VERSION');
  },
);
