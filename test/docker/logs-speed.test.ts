import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { repository, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('');

/** The most memory that a process has had, in MiB. */
const peak = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** How much of a log there is. */
const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

test('8 tasks write at once, and each line is kept and shown', async ({ home }) => {
  const file = home.script('chatty', 'seq 20000', { taskCount: 8, parallelism: 8 });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode).toBe(0);
  const id = /Execution \[([^\]]+)\]/.exec(stderr)?.[1] ?? '';
  const expected = numbers(20_000);
  const shown = new Map<string, string[]>();
  for (const [, task = '', text = ''] of stderr.matchAll(/^task +(\d+) │ (.*)$/gm)) {
    const lines = shown.get(task);
    if (lines) lines.push(text);
    else shown.set(task, [text]);
  }
  for (let task = 0; task < 8; task++) {
    expect(home.bytes(id, task).toString() === expected, `task ${task}`).toBe(true);
    expect(`${shown.get(String(task))?.join('\n')}\n` === expected, `task ${task}`).toBe(true);
  }
});

test.concurrent(
  'of a task that writes at speed nothing is missing or doubled, in log and tail, though its client, then its process is killed',
  async ({ home }) => {
    const work = home.scratch('work');
    home.config(`buckets: { work: ${work} }`);
    const script = `i=0; until [ -e /work/enough ]; do
      seq $((i * 10000 + 1)) $((i * 10000 + 10000)); i=$((i + 1)); sleep 0.2
    done; echo $i > /work/rounds`;
    const file = home.template('fast', {
      maxRetries: 0,
      containers: [{ command: ['sh', '-c', script], volumeMounts: [{ name: 'work', mountPath: '/work' }] }],
      volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
    });
    const command = home.start(['jobs', 'run', '-f', file]);
    const id = await command.execution();
    await command.says('│ 30000\n');
    const tail = home.start(['jobs', 'executions', 'logs', 'tail', id]);
    await until(() => tail.stdout.includes(' 20000\n'));
    const client = await until(() =>
      home.processes().find(({ args }) => args[1] === 'run' && args.join(' ').includes('-task0-attempt0')),
    );
    process.kill(client.pid, 'SIGKILL');
    await until(() => tail.stdout.includes(' 40000\n'));
    command.kill('SIGKILL');
    await command.ended;
    await home.run(['jobs', 'executions', 'list']);
    writeFileSync(path.join(work, 'enough'), '');
    const { stdout } = await tail.ended;
    await command.ended;
    await home.completed(id);
    const rounds = Number(readFileSync(path.join(work, 'rounds'), 'utf8'));
    expect(rounds).toBeGreaterThanOrEqual(4);
    const expected = numbers(rounds * 10_000);
    expect(home.bytes(id).toString() === expected).toBe(true);
    const texts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.slice('2026-11-24 20:27:49 '.length));
    expect(texts.pop()).toBe('Container called exit(0).');
    expect(`${texts.join('\n')}\n` === expected).toBe(true);
  },
);

/** A run whose stderr nobody reads until the test does. */
function unread(home: Home, file: string): { pid: number; text: () => Promise<string> } {
  const child = spawn(process.execPath, [path.join(repository, 'bin', 'localrun.js'), 'jobs', 'run', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LOCALRUN_HOME: home.directory },
  });
  const text = async (): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of child.stderr) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  };
  return { pid: child.pid ?? 0, text };
}

test.concurrent(
  'a run whose output is not read keeps the logs and ends its tasks in time, in little memory',
  async ({ home }) => {
    const script = 'seq 150000; exec sleep 60';
    const run = unread(home, home.script('unread', script, { timeout: '8s', maxRetries: 0 }));
    const execution = await until(async () => (await home.executions()).find(({ completionTime }) => completionTime));
    const id = execution.name.split('/').at(-1) ?? '';
    expect(execution.failedCount).toBe(1);
    const expected = numbers(150_000);
    expect(home.bytes(id).toString() === expected).toBe(true);
    expect(peak(run.pid)).toBeLessThan(250);
    const shown = [...(await run.text()).matchAll(/^task 0 │ (\d+\n)/gm)].map(([, line]) => line);
    expect(shown.join('') === expected).toBe(true);
  },
);

test.concurrent('a task waits for a run that is stopped, and goes on with it', async ({ home }) => {
  const command = home.start(['jobs', 'run', '-f', home.script('stopped', 'echo first; sleep 1; seq 150000')]);
  await command.says('│ first');
  command.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const id = await command.execution();
  expect(home.bytes(id).toString()).toBe('first\n');
  expect((await home.execution(id)).completionTime).toBeUndefined();
  command.kill('SIGCONT');
  expect((await command.ended).exitCode).toBe(0);
  expect(home.bytes(id).toString() === `first\n${numbers(150_000)}`).toBe(true);
});

/** Puts the logs on a disk of this size, as long as `work` takes. */
async function onDisk(home: Home, bytes: string, work: (resize: (to: string) => void) => Promise<void>): Promise<void> {
  const disk = path.join(home.directory, 'logs');
  mkdirSync(disk, { recursive: true, mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk]);
  try {
    await work((to) => execFileSync('mount', ['-o', `remount,size=${to}`, disk]));
  } finally {
    execFileSync('umount', [disk]);
  }
}

const full = 'The log of task 0 attempt 0 cannot be written: ENOSPC: no space left on device';

test.concurrent('a log for which there is no space is whole once there is', async ({ home }) => {
  await onDisk(home, '1m', async (resize) => {
    const command = home.inline(['jobs', 'run', '-f', home.script('full', 'seq 100000; sleep 2; echo end')]);
    await command.says(full);
    resize('64m');
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr.slice(-2000)).toBe(0);
    expect(stderr.split(full)).toHaveLength(2);
    expect(stderr).not.toContain('is incomplete');
    expect(home.bytes(await command.execution()).toString() === `${numbers(100_000)}end\n`).toBe(true);
  });
});

test.concurrent(
  'a log for which there is no space to the end says so, and the task has its result',
  async ({ home }) => {
    await onDisk(home, '1m', async () => {
      const command = home.inline(['jobs', 'run', '-f', home.script('full', 'seq 100000; echo end')]);
      const { exitCode, stderr } = await command.ended;
      expect(exitCode, stderr.slice(-2000)).toBe(0);
      expect(stderr.split(full)).toHaveLength(2);
      expect(stderr).toContain('The log of task 0 attempt 0 is incomplete: ENOSPC');
      const id = await command.execution();
      expect(size(home.logFile(id))).toBeGreaterThan(900_000);
      const kept = home.log(id);
      expect(kept.pop()).toContain('localrun: the rest of this log is missing: ENOSPC');
      expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `${i + 1}`));
    });
  },
);
