import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { homeLabel, labels } from '../../src/runtime/docker/attempts/names.js';
import { completionStatus } from '../../src/model/execution.js';
import type { Check } from '../../src/service/doctor/check.js';
import { docker, onPodman } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** What the doctor says, by what it has looked at, and with what exit code. */
async function doctor(
  home: Home,
  args: string[] = [],
  env = {},
): Promise<{ code: number | null; of: Map<string, Check> }> {
  const { exitCode, stdout } = await home.run(['doctor', '--format=json', ...args], { env });
  return { code: exitCode, of: new Map((JSON.parse(stdout) as Check[]).map((check) => [check.name, check])) };
}

const states = (of: Map<string, Check>, ...names: string[]): (string | undefined)[] =>
  names.map((name) => of.get(name)?.state);

test('the engine that answers is described; one that does not is a problem', async ({ home, skip }) => {
  skip(onPodman, 'DOCKER_HOST is not for podman');
  const { code, of } = await doctor(home);
  expect(code).toBe(0);
  expect(of.get('engine')?.found).toMatch(/^(docker|podman) \d\S* at \S+ \(.+\), engine \d/);
  expect([...of.keys()]).toEqual(
    expect.arrayContaining(['limits', 'open files', 'architecture', 'state directory', 'state disk', 'store']),
  );
  expect(existsSync(home.directory)).toBe(false);
  const away = await doctor(home, [], { DOCKER_HOST: 'unix:///nonexistent.sock' });
  expect(away.code).toBe(1);
  expect(away.of.get('engine')).toMatchObject({
    state: 'problem',
    found: expect.stringContaining('unix:///nonexistent.sock (DOCKER_HOST)') as string,
  });
  expect(states(away.of, 'store', 'state disk')).toEqual(['ok', 'ok']);
});

test('what executions have left behind is found, and removed by --fix', async ({ home }) => {
  expect((await home.run(['jobs', 'run', '-f', home.script('kept', 'echo ran')])).exitCode).toBe(0);
  const label = `${labels.home}=${homeLabel(home.directory)}`;
  const [container, volume] = ['container', 'volume'].map((what) => `localrun-orphan-${what}-${process.pid}`) as [
    string,
    string,
  ];
  const directories = [
    path.join(home.directory, 'run', '0123456789ab'),
    path.join(home.directory, 'logs', 'p', 'us-central1', 'gone-x'),
  ];
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  docker('create', '--name', container, '--label', label, 'localrun/busybox:latest');
  docker('volume', 'create', '--label', label, volume);
  const names = ['engine orphans', 'directory orphans'];

  const { code, of } = await doctor(home);
  expect(code).toBe(0);
  expect(states(of, ...names)).toEqual(['warning', 'warning']);
  for (const name of [container, volume]) expect(of.get('engine orphans')?.found).toContain(name);
  for (const name of directories) expect(of.get('directory orphans')?.found).toContain(name);
  expect(home.containers()).toEqual([container]);

  const fixed = await doctor(home, ['--fix']);
  expect(fixed.of.get('engine orphans')?.done).toBe('2 orphans removed');
  expect(states(fixed.of, ...names)).toEqual(['ok', 'ok']);
  expect([...home.containers(), ...home.volumes()]).toEqual([]);
  expect(directories.filter(existsSync)).toEqual([]);
  const [execution] = await home.executions();
  expect(home.log(execution?.name.split('/').at(-1) ?? '')).toEqual(['ran']);
});

test('what was kept on request is no orphan', async ({ home }) => {
  const { exitCode } = await home.run(['jobs', 'run', '-f', home.script('keeper', 'true'), '--keep']);
  expect(exitCode).toBe(0);
  const kept = home.containers();
  expect(kept).not.toEqual([]);
  const { of } = await doctor(home, ['--fix']);
  expect(states(of, 'engine orphans', 'directory orphans')).toEqual(['ok', 'ok']);
  expect(home.containers()).toEqual(kept);
  await home.run(['prune', '--quiet']);
  expect(home.containers()).toEqual([]);
});

test('an execution whose process is gone is found, its containers are no orphans, and --fix resumes it', async ({
  home,
}) => {
  const command = home.start(['jobs', 'run', '-f', home.script('left', 'sleep 2; echo ran', { taskCount: 2 })]);
  const id = await command.execution();
  await home.events().started(2);
  command.kill('SIGKILL');
  await command.ended;
  const { code, of } = await doctor(home);
  expect(code).toBe(0);
  expect(of.get('executions')).toMatchObject({ state: 'warning', found: expect.stringContaining(id) as string });
  expect(states(of, 'engine orphans')).toEqual(['ok']);
  const fixed = await doctor(home, ['--fix']);
  expect(fixed.of.get('executions')).toMatchObject({
    state: 'ok',
    done: expect.stringMatching(/^[01] brought to an end/) as string,
  });
  expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
  expect(await home.events().starts(id)).toHaveLength(2);
});
