import { expect, test } from 'vitest';
import type { Engine, EngineReport } from '../../../../src/runtime/docker/diagnosis.js';
import { StatusError } from '../../../../src/model/errors.js';
import type { Check } from '../../../../src/service/doctor/check.js';
import { engineChecks } from '../../../../src/service/doctor/surroundings.js';

const engine: Engine = {
  ...{ version: '27.1', architecture: 'x86_64', cgroup: '2', unlimited: [], warnings: [] },
  ...{ directory: '/nonexistent', local: true, openFiles: 25_000, unmeasured: undefined },
};
const report: EngineReport = {
  client: { kind: 'docker', version: '28.2' },
  endpoint: { address: 'unix:///var/run/docker.sock', source: 'context default' },
  failure: undefined,
  engine,
};

const checks = (more: Partial<Engine>): Map<string, Check> =>
  new Map(engineChecks({ ...report, engine: { ...engine, ...more } }).map((check) => [check.name, check]));

test('an engine that has all that executions need is no trouble', () => {
  const all = [...checks({}).values()];
  expect(all.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    ...['engine: ok', 'limits: ok', 'open files: ok', 'usage: ok', 'architecture: ok'],
  ]);
  expect(all[0]?.found).toBe('docker 28.2 at unix:///var/run/docker.sock (context default), engine 27.1');
  expect(all[1]?.found).toBe('memory, CPU and processes are limited, by cgroup 2');
});

test.each<[Partial<Engine>, string]>([
  [{ cgroup: '1', unlimited: ['swap'] }, 'cgroup 1: no limit for swap'],
  [{ unlimited: ['memory', 'cpu'] }, 'cgroup 2: no limit for memory, cpu'],
  [{ warnings: ['No cpu cfs quota support'] }, 'cgroup 2: No cpu cfs quota support'],
  [
    { unlimited: ['pids'], warnings: ['No oom kill disable support', 'No io.max support'] },
    'cgroup 2: no limit for pids; No oom kill disable support; No io.max support',
  ],
])('limits that do not work are a warning, with what helps: %j', (more, found) => {
  expect(checks(more).get('limits')).toEqual({
    ...{ name: 'limits', state: 'warning', found },
    fix: 'enable these cgroup controllers for the engine; until then containers get more than their limits',
  });
});

test.each<[Partial<Engine>, string, Partial<Check>]>([
  [
    { openFiles: 'engine' },
    'open files',
    { state: 'warning', found: expect.stringContaining('below the 25000 of Cloud Run') as string },
  ],
  [
    { unmeasured: 'this machine shows none of its cgroups' },
    'usage',
    {
      state: 'ok',
      found: 'memory and CPU time of containers are not measured: this machine shows none of its cgroups',
    },
  ],
  [{ openFiles: undefined }, 'open files', { state: 'ok', found: 'not known before the first execution' }],
  [
    { architecture: 'aarch64' },
    'architecture',
    {
      state: 'warning',
      found: 'aarch64, and Cloud Run runs x86_64',
      fix: expect.stringContaining('emulation') as string,
    },
  ],
  [{ directory: '/proc' }, 'engine disk', { state: 'problem', found: '/proc: 0 MiB free', fix: 'free some space' }],
])('%j: %s', (more, name, check) => {
  expect(checks(more).get(name)).toMatchObject(check);
});

test('the disk of an engine on another machine is not looked at', () => {
  expect(checks({ directory: '/proc', local: false }).has('engine disk')).toBe(false);
});

test('without an engine there is one problem, which says how to get one', () => {
  const failure = new StatusError('UNAVAILABLE', 'No container engine answers: x', { fix: 'start Docker' });
  expect(engineChecks({ ...report, engine: undefined, failure })).toEqual([
    {
      ...{ name: 'engine', state: 'problem', fix: 'start Docker' },
      found:
        'No container engine answers: x The client is docker 28.2 at unix:///var/run/docker.sock (context default).',
    },
  ]);
});
