import { expect, test } from 'vitest';
import { Scenario } from './scenario.js';

test('debug says what it needs, before it asks any container engine', async () => {
  const scenario = new Scenario();
  const none = await scenario.run(['debug']);
  expect(none).toEqual({
    ...{ code: 1, out: '' },
    err: 'ERROR: (localrun.debug) No execution is running.\nTry: name the execution: localrun debug EXECUTION\n',
  });
  const unknown = await scenario.run(['debug', 'nightly-x7k2p', '--task', '3', '--', 'ls', '-l']);
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain("Resource 'nightly-x7k2p' of kind 'EXECUTION'");
  for (const flags of [['--task', 'x'], ['--attempt', '-1'], ['-l']]) {
    expect(await scenario.run(['debug', 'nightly-x7k2p', ...flags])).toMatchObject({ code: 2, out: '' });
  }
});
