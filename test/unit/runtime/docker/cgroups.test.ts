import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cgroups } from '../../../../src/runtime/docker/cgroups.js';
import { tempDirectory } from '../../../support/temp.js';

const id = 'a'.repeat(64);
const name = 'localrun-nightly-x7k2p-task0-attempt0';

/** A directory of files that stands for the hierarchies of a machine, and its lines in mountinfo. */
class Machine {
  readonly directory = path.join(tempDirectory(), 'with space');
  mounts = '29 24 0:26 / /proc rw - proc proc rw\n';

  constructor(hierarchies: Record<string, string>) {
    for (const [folder, source] of Object.entries(hierarchies)) {
      mkdirSync(path.join(this.directory, folder, 'docker', id), { recursive: true });
      const point = path.join(this.directory, folder).replaceAll(' ', String.raw`\040`);
      this.mounts += `32 31 0:29 / ${point} rw,nosuid shared:9 - ${source}\n`;
    }
  }

  has(folder: string, files: Record<string, string>): void {
    mkdirSync(path.join(this.directory, folder), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(this.directory, folder, file), text);
  }
}

const v1 = (): Machine =>
  new Machine({
    memory: 'cgroup cgroup rw,memory',
    'cpu,cpuacct': 'cgroup cgroup rw,cpu,cpuacct',
    pids: 'cgroup cgroup rw,pids',
    unified: 'cgroup2 cgroup2 rw,nsdelegate',
  });

function v2(controllers = 'cpuset cpu io memory pids'): Machine {
  const machine = new Machine({ unified: 'cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot' });
  machine.has('unified', { 'cgroup.controllers': `${controllers}\n` });
  return machine;
}

describe('what a container has used', () => {
  test('cgroup v1', () => {
    const machine = v1();
    // The numbers of children count only in what begins with total_.
    machine.has(`memory/docker/${name}`, {
      'memory.max_usage_in_bytes': '105656320\n',
      'memory.stat': 'cache 0\nrss 0\nshmem 0\ntotal_cache 70000000\ntotal_rss 4096\ntotal_shmem 7085440\n',
    });
    machine.has(`cpu,cpuacct/docker/${name}`, { 'cpuacct.usage': '244517666\n' });
    expect(new Cgroups(machine.mounts).usage(name)).toEqual({
      peakMemoryBytes: 105656320,
      cacheBytes: 62914560,
      cpuSeconds: 0.244517666,
    });
  });

  test('cgroup v2', () => {
    const machine = v2();
    machine.has(`unified/docker/${name}`, {
      'memory.peak': '105656320\n',
      'memory.stat': 'anon 0\nfile 70000000\nshmem 7085440\n',
      'memory.events': 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n',
      'cpu.stat': 'usage_usec 1250000\nuser_usec 1000000\nsystem_usec 250000\n',
    });
    expect(new Cgroups(machine.mounts).usage(name)).toEqual({
      peakMemoryBytes: 105656320,
      cacheBytes: 62914560,
      cpuSeconds: 1.25,
      oomKills: 1,
    });
  });

  test('is unknown where the kernel does not say it', () => {
    const machine = v2();
    // A kernel before 5.19 has no memory.peak.
    machine.has(`unified/docker/${name}`, { 'cpu.stat': 'usage_usec 5\n', 'memory.stat': 'file 0\n' });
    const cgroups = new Cgroups(machine.mounts);
    expect(cgroups.usage(name)).toEqual({ cpuSeconds: 0.000005 });
    expect(cgroups.usage('localrun-other-task0-attempt0')).toBeUndefined();
    expect(new Cgroups('').usage(name)).toBeUndefined();
  });
});

describe('a container gets a cgroup above its own', () => {
  test.each([
    ['v1', v1],
    ['v2', v2],
  ])('%s: once one of the engine is seen here', (_, machine) => {
    const cgroups = new Cgroups(machine().mounts);
    expect(cgroups.above(name)).toBeUndefined();
    cgroups.witness(id);
    expect(cgroups.above(name)).toBe(`/docker/${name}`);
  });

  test.each<[string, () => string, string]>([
    ['the engine is on another machine, or uses the driver systemd', () => v1().mounts, 'b'.repeat(64)],
    ['memory is not counted', () => v2('cpu pids').mounts, id],
    ['there are no cgroups', () => '', id],
    ['the engine is another one, which has printed something else', () => v1().mounts, '../docker'],
  ])('but not if %s', (_, mounts, seen) => {
    const cgroups = new Cgroups(mounts());
    cgroups.witness(seen);
    expect(cgroups.above(name)).toBeUndefined();
  });

  test('what prevents that can be told before', () => {
    expect(new Cgroups(v1().mounts).obstacle('cgroupfs')).toBeUndefined();
    expect(new Cgroups(v2().mounts).obstacle('systemd')).toContain('is systemd');
    expect(new Cgroups('').obstacle('cgroupfs')).toBe('this machine shows none of its cgroups');
    expect(new Cgroups(v2('cpu pids').mounts).obstacle('cgroupfs')).toBe('this machine shows none of its cgroups');
  });
});

test('what is left of containers is found in every hierarchy, and removed from all', async () => {
  const machine = v1();
  machine.has(`memory/docker/${name}`, {});
  machine.has(`pids/docker/${name}`, {});
  machine.has(`pids/docker/localrun-nightly-x7k2p-task7-attempt0`, {});
  machine.has(`pids/docker/localrun-nightly-b2b2b-task0-attempt0`, {});
  const cgroups = new Cgroups(machine.mounts);
  expect(cgroups.list('localrun-nightly-x7k2p-task')).toEqual([name, 'localrun-nightly-x7k2p-task7-attempt0']);
  await cgroups.remove(name);
  await cgroups.remove(name);
  expect(existsSync(path.join(machine.directory, 'memory/docker', name))).toBe(false);
  expect(readdirSync(path.join(machine.directory, 'pids/docker')).toSorted()).toEqual([
    id,
    'localrun-nightly-b2b2b-task0-attempt0',
    'localrun-nightly-x7k2p-task7-attempt0',
  ]);
});
