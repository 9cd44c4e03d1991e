import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { epochMs } from '../../src/model/time.js';
import { signal } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

/** Loops that do nothing but keep the machine busy, and executions that begin at once; 200 and 10 for the whole of it. */
const loops = Number(process.env['LOCALRUN_LOAD'] ?? 8);
const executions = Number(process.env['LOCALRUN_LOAD_EXECUTIONS'] ?? 2);

/** Variables that let workers do nothing for some ms, and a look at the executions that they were started for. */
function workersOf(home: Home, ms: number): { env: Record<string, string>; started: () => string[] } {
  const [script, notes] = [home.file('note.cjs'), home.file('notes')];
  writeFileSync(notes, '');
  writeFileSync(
    script,
    `const [, , command, execution] = process.argv;
     if (command === '__worker') {
       require('node:fs').appendFileSync(${JSON.stringify(notes)}, execution + '\\n');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms});
     }`,
  );
  const started = (): string[] => readFileSync(notes, 'utf8').split('\n').filter(Boolean);
  return { env: { NODE_OPTIONS: `--require ${script}` }, started };
}

test('a worker that takes long to begin is the only one, however many wait for it', async ({ home }) => {
  const { env, started } = workersOf(home, 9000);
  expect((await home.run(['jobs', 'create', '-f', home.script('slow', 'echo ran')])).exitCode).toBe(0);
  const command = home.start(['jobs', 'execute', 'slow', '--wait'], { env });
  const id = await command.execution();
  const others = [
    home.start(['jobs', 'executions', 'wait', id], { env }),
    home.start(['jobs', 'executions', 'list'], { env }),
  ];
  for (const { exitCode, stderr } of await Promise.all([command, ...others].map(({ ended }) => ended))) {
    expect(exitCode, stderr).toBe(0);
  }
  expect(started()).toHaveLength(1);
  expect(home.log(id)).toEqual(['ran']);
});

test(
  'executions on a machine that is very busy have one worker each, and end right',
  { timeout: 600_000 },
  async ({ home, onTestFinished }) => {
    const script = 'echo ran; exit $((CLOUD_RUN_TASK_INDEX > CLOUD_RUN_TASK_ATTEMPT))';
    const file = home.script('busy', script, { taskCount: 2, maxRetries: 1 });
    expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
    const { env, started } = workersOf(home, 0);
    const events = home.events();
    const many = `for i in $(seq ${loops}); do while :; do :; done & done; wait`;
    const busy = spawn('sh', ['-c', many], { stdio: 'ignore', detached: true });
    const calm = (): void => signal(-(busy.pid ?? 0), 'SIGKILL');
    onTestFinished(calm);
    const commands = Array.from({ length: executions }, () =>
      home.start(['jobs', 'execute', 'busy', '--wait'], { env }),
    );

    const results = await Promise.all(commands.map(({ ended }) => ended));
    calm();

    for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
    expect(new Set(started()).size).toBe(executions);
    expect(started()).toHaveLength(executions);
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
