import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { Lab } from '../../scripts/kubernetes-lab/lab.mjs';
import { repository, signal, until } from '../support/cli.js';
import { lab } from '../support/lab.js';

async function kubectl(config: string, ...args: string[]): Promise<string> {
  return (await execa('kubectl', args, { env: { KUBECONFIG: config }, stdin: 'ignore' })).stdout;
}

/** What a lab in that directory has on the host: processes, mounts, cgroups, files. */
function traces(directory: string): string[] {
  const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n');
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return lines(`/proc/${pid}/cmdline`);
      } catch {
        return [];
      }
    });
  const named = [...processes, ...lines('/proc/self/mounts')].filter((text) => text.includes(`${directory}/`));
  const cgroups = readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' });
  return [
    ...named,
    ...cgroups.filter((name) => name.endsWith(`/${new Lab(directory).cgroup}`)),
    ...(existsSync(directory) ? [directory] : []),
  ];
}

test('a pod runs with the few rights of localrun, and its log and exit code come back', async () => {
  const pod = `first-${Date.now()}`;
  const command = ['--command', '--', 'sh', '-c', 'echo from the pod; exit 3'];
  const image = ['--image=localrun/busybox:latest', '--image-pull-policy=Never', '--restart=Never'];
  await kubectl(lab.userConfig, 'run', pod, ...image, ...command);
  const state = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
  await until(async () => (await kubectl(lab.userConfig, 'get', 'pod', pod, '-o', state)) === '3');
  expect(await kubectl(lab.userConfig, 'logs', pod)).toBe('from the pod');
  await kubectl(lab.userConfig, 'delete', 'pod', pod, '--wait=false');
  await expect(kubectl(lab.userConfig, 'get', 'pods', '--namespace', 'default')).rejects.toThrow('forbidden');
  await kubectl(lab.userConfig, 'get', 'pods', '--namespace', 'other');
});

/** Waits until that many nodes are ready. */
const ready = (count: number): Promise<string[]> =>
  until(async () => {
    const names = await lab.readyNodes();
    return names.length === count && names;
  });

test('a node that is cut off is not ready, until it is healed', async () => {
  await lab.cut(2);
  expect(await ready(1)).toEqual(['node1']);
  await lab.heal(2);
  expect(await ready(2)).toEqual(['node1', 'node2']);
});

test('the API server stops and starts', async () => {
  await lab.stopApi();
  await expect(lab.readyNodes()).rejects.toBeInstanceOf(Error);
  expect(lab.describe()).toContain('kube-apiserver NOT RUNNING');
  await lab.startApi();
  // A node whose lease has expired meanwhile renews it first.
  expect(await ready(2)).toEqual(['node1', 'node2']);
});

test('a kubelet is killed and started', async () => {
  await lab.killKubelet(1);
  expect(lab.describe()).toMatch(/^node1: .*kubelet NOT RUNNING/m);
  lab.startKubelet(1);
  await until(() => /^node1: .*kubelet \(process \d+\)/m.test(lab.describe()));
});

test('`down` leaves nothing, even of a lab that was killed while it came up', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-lab-'));
  const env = { ...process.env, LOCALRUN_KUBERNETES_LAB: directory };
  const script = path.join(repository, 'scripts', 'kubernetes-lab.mjs');
  const up = spawn(process.execPath, [script, 'up', '--nodes', '1'], { env, stdio: 'ignore' });
  await until(() => existsSync(path.join(directory, 'node1', 'docker.sock')));
  signal(up.pid ?? 0, 'SIGKILL');
  expect(traces(directory).length).toBeGreaterThan(10);
  await execa(process.execPath, [script, 'down'], { env });
  expect(traces(directory)).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
});
