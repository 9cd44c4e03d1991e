import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { epochMs } from '../../src/model/time.js';
import { signal } from '../support/cli.js';
import { test } from '../support/home.js';

/** Loops that do nothing but keep the machine busy, and executions that begin at once; 200 and 10 for the whole of it. */
const loops = Number(process.env['LOCALRUN_LOAD'] ?? 60);
const executions = Number(process.env['LOCALRUN_LOAD_EXECUTIONS'] ?? 4);

/** The number of the process that has started another one; 0 if that has ended. */
function parentOf(pid: number): number {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat)
    ? Number(
        readFileSync(stat, 'latin1')
          .replace(/^.*\) . /s, '')
          .split(' ')[0],
      )
    : 0;
}

test(
  'executions on a machine that is very busy have one worker each, and end right',
  { timeout: 600_000 },
  async ({ home, onTestFinished }) => {
    const script = 'echo ran; exit $((CLOUD_RUN_TASK_INDEX > CLOUD_RUN_TASK_ATTEMPT))';
    const file = home.script('busy', script, { taskCount: 2, maxRetries: 1 });
    expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
    const events = home.events();
    const many = `for i in $(seq ${loops}); do while :; do :; done & done; wait`;
    const busy = spawn('sh', ['-c', many], { stdio: 'ignore', detached: true });
    const calm = (): void => signal(-(busy.pid ?? 0), 'SIGKILL');
    onTestFinished(calm);
    const commands = Array.from({ length: executions }, () => home.start(['jobs', 'execute', 'busy', '--wait']));

    const workers = new Map<number, string>();
    const look = (): void => {
      for (const { pid, args } of home.processes()) {
        const execution = args[args.indexOf('__worker') + 1];
        // Clients of the engine look like the worker that starts them, for a moment.
        if (args.includes('__worker') && execution !== undefined && !workers.has(parentOf(pid))) {
          workers.set(pid, execution);
        }
      }
    };
    const looking = setInterval(look, 250);
    const results = await Promise.all(commands.map(({ ended }) => ended)).finally(() => clearInterval(looking));
    calm();

    for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
    expect(new Set(workers.values()).size).toBe(executions);
    expect(workers.size, [...workers.values()].join(' ')).toBe(executions);
    for (const command of commands) {
      const id = await command.execution();
      const execution = await home.completed(id);
      expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
      expect(execution).toMatchObject({ succeededCount: 2, retriedCount: 1 });
      expect(await events.starts(id)).toEqual(['task0-attempt0', 'task1-attempt0', 'task1-attempt1']);
      expect(home.log(id, 1, 1)).toEqual(['ran']);
      for (const { scheduledTime = '', startTime = '', completionTime = '' } of await home.tasks(id)) {
        expect(epochMs(startTime)).toBeGreaterThanOrEqual(epochMs(scheduledTime));
        expect(epochMs(completionTime)).toBeGreaterThanOrEqual(epochMs(startTime));
      }
    }
  },
);
