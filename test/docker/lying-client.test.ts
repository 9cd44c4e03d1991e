import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { main } from '../../src/main.js';
import { completionStatus } from '../../src/model/execution.js';
import { shortName } from '../../src/model/names.js';
import { openStore } from '../../src/store/sqlite.js';
import { until } from '../support/cli.js';
import { client } from '../support/client.js';
import { type Home, test } from '../support/home.js';
import { testIo } from '../support/io.js';

/** What a client says or does instead of what it was asked for. */
const lies = {
  'fails in silence': 'exit 1',
  'has done it, in silence': 'exit 0',
  'prints a page': 'echo "<html>"; echo "<body>502 Bad Gateway</body>"; exit 0',
  'fails and goes on and on about it': 'yes "no reason" | head -c 2000000 >&2; exit 1',
  crashes: 'kill -KILL $$',
  hangs: 'exec sleep 60',
};

/** The calls of a run, by what their arguments hold. */
const calls = [
  ...['info', 'image inspect', 'pull', '--detach', '--sig-proxy=false'],
  ...['container inspect', 'events', 'rm --force', 'ps --all'],
];

/** A client that lies when it is asked `call`, until it is healed. */
function liar(home: Home, call: string, lie: string): { env: Record<string, string>; heal: () => void } {
  const program = path.join(home.scratch('client'), 'docker');
  const healed = path.join(home.file('client'), 'healed');
  const script = `#!/bin/sh
    [ -e ${healed} ] || case " $* " in *" ${call} "*) ${lie} ;; esac
    exec ${client} "$@"`;
  writeFileSync(program, script, { mode: 0o755 });
  return { env: { LOCALRUN_DOCKER: program, LOCALRUN_ENGINE_TIMEOUT: '2s' }, heal: () => writeFileSync(healed, '') };
}

/** No stack, and no more words than somebody reads. */
function expectHelpful(stderr: string): void {
  expect(stderr).not.toMatch(/bug in localrun|^\s+at .+:\d+:\d+/m);
  expect(stderr.length).toBeLessThan(6000);
  expect(stderr.split('ERROR: ').length).toBeLessThanOrEqual(2);
}

/** What the store has of the only execution, which is cheaper than to ask for it. */
function executionOf(home: Home) {
  const store = openStore(home.directory);
  try {
    const [found] = store.executions({ project: 'local-project', location: 'us-central1' });
    if (!found) return undefined;
    const { name, completionTime } = found.resource;
    const status = completionStatus(found.resource);
    return { id: shortName(name), ended: completionTime !== undefined, status, tasks: store.tasks(name) };
  } finally {
    store.close();
  }
}

/** Every lie and every call, in a quarter of the pairs; LOCALRUN_LIES=all for the long form. */
const cases = calls
  .flatMap((call, i) => Object.entries(lies).map(([what, lie], j) => [call, what, lie, i + j] as const))
  .filter(([, , , number]) => number % 4 === 1 || process.env['LOCALRUN_LIES'] === 'all');

test.concurrent.for(cases)(
  'a client that, asked `%s`, %s: no false success, and an end',
  async ([call, what, lie, number], { home }) => {
    const { env, heal } = liar(home, call, lie);
    const image = call === 'pull' ? { image: 'localhost:1/none' } : {};
    const script = 'echo ran; exit $((CLOUD_RUN_TASK_INDEX * 3))';
    const file = home.script('lied-to', script, {
      ...image,
      taskCount: 2,
      parallelism: 1 + ((number % 4) >> 1),
      maxRetries: 0,
    });

    // In this process, which is cheaper, and would not live on after something that nobody catches.
    const own = { ...(process.env as Record<string, string>), ...env, LOCALRUN_PROJECT: 'local-project' };
    const io = testIo(home.directory, { env: own });
    let over = false;
    const running = main(['jobs', 'run', '-f', file], io).finally(() => (over = true));
    // What does not answer is waited for, which is said; a pull, which may take any time, until somebody cancels.
    const pulls = (): boolean => call === 'pull' && what === 'hangs' && io.stderr().includes('Pulling ');
    await until(
      () => over || pulls() || io.stderr().includes('Waiting until it is available; nothing is lost.'),
      () => io.stderr(),
    );
    const stopped = pulls();
    if (stopped) io.signal('SIGINT');
    heal();
    expect(await running).toBe(stopped ? 130 : 1);
    expectHelpful(io.stderr());
    if (io.stderr().includes('ERROR: ')) expect(io.stderr()).toMatch(/^ERROR: .*(?:engine|client\/docker)/m);

    const id = executionOf(home)?.id;
    if (id === undefined) return;
    // The next command finds what is left, and has it brought to its end.
    if (!executionOf(home)?.ended) {
      expect(io.stderr()).toContain(`The next localrun command will resume execution [${id}].`);
      await home.run(['jobs', 'executions', 'wait', id]);
    }
    const { status, tasks } = executionOf(home) ?? {};
    expect(status).toBe(stopped ? 'EXECUTION_CANCELLED' : 'EXECUTION_FAILED');
    for (const { index, state } of tasks ?? []) {
      expect(state).toMatch(/^(?:Succeeded|Failed|Cancelled|Abandoned)$/);
      if (state === 'Succeeded') expect([index, home.log(id, index)]).toEqual([0, ['ran']]);
    }
    // Who says that containers are gone is believed; what is there all the same is an orphan.
    if (call === 'rm --force') expect((await home.run(['doctor', '--fix'])).stdout).toContain('engine orphans');
  },
);

test.concurrent(
  'a client that hangs when it is to kill: a third Ctrl-C leaves all to the next command',
  async ({ home }) => {
    const { env } = liar(home, 'kill', 'exec sleep 60');
    const file = home.script('stubborn', "trap '' TERM; echo here; sleep 60");
    const command = home.start(['jobs', 'run', '-f', file], { env: { ...env, LOCALRUN_ENGINE_TIMEOUT: '60s' } });
    await command.says('│ here');
    for (const said of [
      'Press Ctrl-C again to kill them.',
      'press Ctrl-C again to leave them to the next localrun command.',
    ]) {
      command.kill('SIGINT');
      await command.says(said);
    }
    const id = await command.execution();
    command.kill('SIGINT');
    const { exitCode, stderr } = await command.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`The next localrun command will resume execution [${id}].`);
    expectHelpful(stderr);
    await home.run(['jobs', 'list']);
    expect(completionStatus(await home.completed(id))).toBe('EXECUTION_CANCELLED');
  },
);

test.concurrent('a client that is slow to start is reported once, with what is waited for', async ({ home }) => {
  const { env } = liar(home, '--sig-proxy=false', 'sleep 11');
  const file = home.script('patient', 'echo ran', { taskCount: 2, parallelism: 2 });
  const unhurried = { ...env, LOCALRUN_ENGINE_TIMEOUT: '60s' };
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file], { env: unhurried });
  expect(exitCode, stderr).toBe(0);
  expect(stderr.match(/^The container engine is slow: it has been silent for 1\ds at `\S+docker run`/gm)).toHaveLength(
    1,
  );
});

test.concurrent('a client that is slow to say what it reaches is waited for, and that is said', async ({ home }) => {
  const { env } = liar(home, 'info', 'sleep 6');
  const unhurried = { ...env, LOCALRUN_ENGINE_TIMEOUT: '60s' };
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', home.script('late', 'true')], { env: unhurried });
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toMatch(/^The container engine has not answered yet; waiting up to 60s/);
});
