import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { AttemptRecord } from '../../src/model/attempt.js';
import type { ContainerUsage } from '../../src/model/usage.js';
import { openStore } from '../../src/store/sqlite.js';
import { repository } from '../support/cli.js';
import { docker, onPodman } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** Ends with so much memory in use, in MiB. */
const use = (mebi: number): string => `dd if=/dev/zero of=/dev/null bs=${mebi}M count=1 2>/dev/null`;
const limits = { resources: { limits: { memory: '512Mi' } }, maxRetries: 0 };

function attemptsOf(home: Home, execution: string): AttemptRecord[] {
  const store = openStore(home.directory);
  try {
    return store.attempts(`projects/local-project/locations/us-central1/jobs/sizes/executions/${execution}`);
  } finally {
    store.close();
  }
}

/** What is left of the cgroups of an execution's attempts. */
const cgroups = (execution: string): string[] =>
  readdirSync('/sys/fs/cgroup').flatMap((hierarchy) => {
    const directory = path.join('/sys/fs/cgroup', hierarchy, 'docker');
    return existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(execution)) : [];
  });

/** Whether this machine shows the cgroups of the engine, and may remove them. */
const shown = !onPodman && process.getuid?.() === 0 && docker('info', '--format', '{{.CgroupDriver}}') === 'cgroupfs';

test.concurrent('memory and CPU time of programs of known size', async ({ home, skip }) => {
  skip(!shown, 'the cgroups of the engine are not here');
  const script = `case $CLOUD_RUN_TASK_INDEX in
    0) ${use(200)} ;;
    1) i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; times ;;
    2) ${use(600)}; echo "went on after $?" ;;
    3) exec ${use(600)} ;;
  esac`;
  const command = home.inline(['jobs', 'run', '-f', home.script('sizes', script, { taskCount: 4, ...limits })]);
  const { stderr } = await command.ended;
  const id = await command.execution();
  const attempts = attemptsOf(home, id);
  const [sized, busy, survivor, killed] = attempts.map(({ usage }) => usage?.['container-0']);
  const mebi = ({ peakMemoryBytes = 0 }: ContainerUsage = {}): number => peakMemoryBytes / 2 ** 20;
  expect(mebi(sized)).toBeGreaterThan(200 * 0.95);
  expect(mebi(sized)).toBeLessThan(200 * 1.05);
  expect(sized).toMatchObject({ cacheBytes: expect.any(Number), oomKills: 0 });
  // `0m0.41s 0m0.03s`, in user mode and in the kernel. The measured time includes the start of the container.
  const [own = '', of = ''] = home.log(id, 1);
  const seconds = [...`${own} ${of}`.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + 60 * Number(m) + Number(s),
    0,
  );
  expect(seconds).toBeGreaterThan(0.1);
  expect(busy?.cpuSeconds).toBeGreaterThan(seconds - 0.05);
  expect(busy?.cpuSeconds).toBeLessThan(seconds * 1.25 + 0.5);
  expect(home.log(id, 2)).toEqual(['went on after 137']);
  expect([survivor?.oomVictim, killed?.oomVictim]).toEqual(['child', 'main']);
  expect(mebi(survivor)).toBeGreaterThan(500);
  expect(stderr).toContain('task 3 ran out of memory');
  const tasks = await home.tasks(id);
  expect(tasks.map(({ lastAttemptResult }) => lastAttemptResult?.status?.message)).toEqual([
    ...[undefined, undefined, undefined],
    'The configured memory limit was reached.',
  ]);
  expect(tasks.map(({ annotations }) => JSON.parse(annotations?.['dev.localrun/usage'] ?? '') as unknown)).toEqual(
    attempts.map(({ usage }) => usage),
  );
  const described = async (...resource: string[]): Promise<string> => {
    const text = await home.onTerminal(['jobs', 'executions', ...resource], { NO_COLOR: '1' });
    return text.replaceAll('\r', '').split('\nLocal:\n')[1]?.replaceAll(/ +/g, ' ') ?? '';
  };
  expect((await home.run(['jobs', 'executions', 'describe', id])).stdout).not.toContain('Local:');
  expect(await described('describe', id)).toMatch(
    /^ Memory: task 3 reached the limit of 512Mi; task 2 .* only a child process was killed\. --memory=1Gi would leave room\.\n CPU time: [\d.]+s in all\n/,
  );
  expect(await described('tasks', 'describe', `${id}-task2`)).toMatch(
    /^ Peak memory: 5\d\d MiB of 512Mi\n CPU time: [\d.]+s\n Killed at the limit: a child process, not the main process\n/,
  );
  expect(cgroups(id)).toEqual([]);
});

test.concurrent(
  'a machine that does not show the cgroups of the engine runs containers all the same',
  async ({ home, skip }) => {
    skip(!shown, 'the cgroups of the engine are not here');
    const words = ['jobs', 'run', '-f', home.script('sizes', use(20), limits), '--format=value(name)'];
    const script = 'umount --lazy /sys/fs/cgroup && exec "$0" "$@"';
    const { stdout } = await execa(
      'unshare',
      ['--mount', 'sh', '-c', script, process.execPath, path.join(repository, 'bin', 'localrun.js'), ...words],
      { env: { LOCALRUN_HOME: home.directory }, stdin: 'ignore' },
    );
    expect(attemptsOf(home, stdout).map(({ usage }) => usage)).toEqual([undefined]);
  },
);
