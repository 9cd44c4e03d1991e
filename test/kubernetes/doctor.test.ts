import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Check } from '../../src/service/doctor/check.js';
import { homeId } from '../../src/store/home-id.js';
import { cli } from '../support/io.js';
import { lab } from '../support/lab.js';

// Without a home directory, kubectl would keep a cache in the working directory.
const { PATH = '' } = process.env;
const environment = { LOCALRUN_RUNTIME: 'kubernetes', KUBECONFIG: lab.userConfig, PATH };

const kubectl = async (...args: string[]): Promise<string> =>
  (await execa('kubectl', args, { env: { KUBECONFIG: lab.userConfig }, stdin: 'ignore' })).stdout;

const checksIn = (stdout: string): Record<string, Check> =>
  Object.fromEntries((JSON.parse(stdout) as Check[]).map((check) => [check.name, check]));

test('doctor examines the cluster, and removes what this state directory has left there', async () => {
  const { home, run } = cli({ env: environment });
  const [ours, theirs] = [`doctor-${homeId(home)}`, `other-${homeId(home)}`];
  for (const [name, label] of [
    [ours, homeId(home)],
    [theirs, `x${homeId(home)}`],
  ] as const) {
    await kubectl('create', 'configmap', name);
    await kubectl(
      'patch',
      'configmap',
      name,
      '-p',
      JSON.stringify({ metadata: { labels: { 'dev.localrun.home': label } } }),
    );
  }
  try {
    const found = checksIn((await run('doctor --format json')).stdout);
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(['cluster', 'rights', 'nodes', 'quota', 'cluster clock']),
    );
    expect(found['engine']).toBeUndefined();
    expect(found['quota']).toMatchObject({ state: 'ok', found: 'not visible to you' });
    expect(found['cluster']).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(/namespace jobs .+Kubernetes v1\.20\.2/) as string,
    });
    // As kubectl finds out.
    const asked = await execa('kubectl', ['auth', 'can-i', 'patch', 'pods'], {
      ...{ env: { KUBECONFIG: lab.userConfig }, stdin: 'ignore', reject: false },
    });
    expect(found['rights']).toMatchObject(
      asked.stdout.trim() === 'yes' ? { state: 'ok' } : { state: 'problem', found: 'you may not patch pods' },
    );
    expect(found['cluster orphans']).toMatchObject({
      state: 'warning',
      found: expect.stringContaining(ours) as string,
    });
    const fixed = checksIn((await run('doctor --fix --format json')).stdout);
    expect(fixed['cluster orphans']).toMatchObject({ state: 'ok', done: '1 orphan removed' });
    expect(await kubectl('get', 'configmaps', '-o', 'name')).not.toContain(ours);
    expect(await kubectl('get', 'configmaps', '-o', 'name')).toContain(theirs);
    expect(existsSync('.kube')).toBe(false);
  } finally {
    await kubectl('delete', 'configmap', '--ignore-not-found', ours, theirs);
  }
});

test('doctor says why there is no cluster', async () => {
  const { run } = cli({ env: { ...environment, LOCALRUN_KUBECTL: '/nonexistent/kubectl' } });
  const { code, stdout } = await run('doctor --format json');
  expect(code).toBe(1);
  expect(checksIn(stdout)['cluster']).toMatchObject({
    state: 'problem',
    found: expect.stringContaining('Cannot run /nonexistent/kubectl') as string,
    fix: expect.stringContaining('LOCALRUN_KUBECTL') as string,
  });
});
