import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completed } from '../../src/model/execution.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import { LogFiles } from '../../src/store/logs.js';
import { openStore } from '../../src/store/sqlite.js';
import { someLog } from '../support/service.js';
import { type Cli, cli } from '../support/io.js';
import { someExecution, someJob } from '../support/jobs.js';

/** A state directory with executions of the job nightly that ended on these days of November, with logs of 1 MiB. */
function world(days: Record<string, number>): Cli & { left: () => string[] } {
  const program = cli();
  const logs = new LogFiles(program.home);
  const names = Object.entries(days).map(([suffix, day]) => {
    const time = `2026-11-${day}T10:00:00.000000Z`;
    const execution = { ...someExecution(someJob(), suffix), createTime: time };
    const store = openStore(program.home);
    store.saveJob(someJob());
    store.createExecution(execution, defaultSettings);
    store.saveExecution(completed(execution, { cancelled: false, time }, time));
    store.close();
    someLog(logs, execution.name);
    writeFileSync(logs.file(execution.name, { task: 0, attempt: 0 }, 'stdout'), 'x'.repeat(2 ** 20));
    return execution.name;
  });
  return {
    ...program,
    left: () => Object.keys(days).filter((_, i) => existsSync(logs.directory(names[i] ?? ''))),
  };
}

const table = `NAME           WHAT       ENDED                    SIZE
nightly-aaaaa  execution  2026-11-10 10:00:00 UTC  1 MiB
nightly-bbbbb  execution  2026-11-15 10:00:00 UTC  1 MiB
`;
const days = { aaaaa: 10, bbbbb: 15, ccccc: 22 };

describe('prune', () => {
  test('shows what would go, and removes nothing without a terminal to ask on', async () => {
    const { run, left } = world(days);
    expect(await run('prune --older-than 7d')).toEqual({
      code: 0,
      stdout: table,
      stderr: 'Would remove 2 items, 2 MiB. To remove it, use --quiet.\n',
    });
    expect(await run('prune --keep-last 1 --dry-run --quiet')).toEqual({
      code: 0,
      stdout: table,
      stderr: 'Would remove 2 items, 2 MiB. To remove it, use --quiet instead of --dry-run.\n',
    });
    expect(left()).toEqual(['aaaaa', 'bbbbb', 'ccccc']);
  });

  test('asks on a terminal', async () => {
    const { run, left } = world(days);
    const refused = await run('prune --max-size 2.1MiB', { terminal: 80, stdin: 'n\n' });
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toContain('nightly-aaaaa');
    expect(refused.stdout).not.toContain('nightly-bbbbb');
    expect(left()).toHaveLength(3);
    expect(await run('prune --max-size 2.1MiB', { terminal: 80, stdin: '\n' })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^1 item, 1 MiB will be removed\.\n\nDo you want to continue \(Y\/n\)\? {2}Removed 1 item, 1 MiB; freed 1(?:\.\d+)? MiB of disk\.\n$/,
      ) as string,
    });
    expect(left()).toEqual(['bbbbb', 'ccccc']);
  });

  test('does it unasked with --quiet', async () => {
    const { run, left } = world(days);
    const { code, stdout, stderr } = await run('prune --older-than 7d --format json --quiet');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: expect.stringMatching(/^projects\/p\/.*\/nightly-aaaaa$/) as string,
        kind: 'execution',
        logBytes: 2 ** 20,
      },
      { endTime: '2026-11-15T10:00:00.000000Z' },
    ]);
    expect(stderr).toMatch(/^Removed 2 items, 2 MiB; freed 2(?:\.\d+)? MiB of disk\.\n$/);
    expect(left()).toEqual(['ccccc']);
    expect(await run('prune --older-than 7d --quiet')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Nothing to remove.\n',
    });
    expect((await run('jobs executions list --format value(name)')).stdout).toBe('nightly-ccccc\n');
    expect((await run('jobs list --format value(name)')).stdout).toBe('nightly\n');
    expect((await run('prune --quiet --format value(name)')).stdout).toContain('nightly-ccccc\n');
    expect(left()).toEqual([]);
  });

  test.each([
    ['--older-than soon', 'argument --older-than: "soon" is not a duration'],
    ['--keep-last -1', 'argument --keep-last: Value must be greater than or equal to 0'],
    ['--max-size 0', 'argument --max-size: "0" is not a size such as 500MB, 1GiB'],
    ['--max-size big', 'argument --max-size: "big" is not a size such as 500MB, 1GiB'],
  ])('with %s is a wrong command line', async (flags, message) => {
    const { code, stderr } = await world({}).run(`prune ${flags}`);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
