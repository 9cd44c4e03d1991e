import { expect } from 'vitest';
import { shortName } from '../../src/model/names.js';
import { test } from '../support/home.js';

const script = `echo '{"severity":"ERROR","message":"broken","code":7}'; echo plain; echo err >&2; printf 'no end'; exit 3`;

test('what a task has written is read back, with what the platform says of it', async ({ home }) => {
  const { exitCode } = await home.run(['jobs', 'run', '-f', home.script('wrote', script, { maxRetries: 1 })]);
  expect(exitCode).toBe(1);
  const execution = shortName((await home.executions())[0]?.name ?? '');
  const read = async (...flags: string[]): Promise<string[]> => {
    const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', execution, ...flags]);
    return stdout.split('\n').filter(Boolean);
  };
  const texts = (lines: string[]): string[] =>
    lines.map((line) => line.slice('2026-11-24 20:27:49 '.length)).toSorted();
  const once = ['Container called exit(3).', 'broken', 'err', 'no end', 'plain'];
  expect(texts(await read())).toEqual([...once, ...once].toSorted());
  expect(texts(await read('--attempt', '1'))).toEqual(once);
  expect(texts(await read('--severity', 'error', '--prefix'))).toEqual(['task 0 retry 1 │ broken', 'task 0 │ broken']);
  expect(texts(await read('--log-filter=severity>=ERROR AND jsonPayload.code=7'))).toEqual(['broken', 'broken']);
  const system = 'log_id("run.googleapis.com/varlog/system") labels."run.googleapis.com/task_attempt"="1"';
  expect(texts(await read('--log-filter', system))).toEqual(['Container called exit(3).']);
  const today = `--log-filter=timestamp>="${new Date(Date.now() - 3_600_000).toISOString()}" -plain`;
  const { stdout: others } = await home.run(['jobs', 'logs', 'read', 'wrote', today]);
  expect(texts(others.split('\n').filter(Boolean))).toEqual(
    [...once, ...once].filter((line) => line !== 'plain').toSorted(),
  );
  const { exitCode: code, stderr } = await home.run(['jobs', 'logs', 'read', 'wrote', '--log-filter=severity>=LOUD']);
  expect(code).toBe(1);
  expect(stderr).toContain('argument --log-filter: LOUD is not a valid severity at character 11 of severity>=LOUD');
  const { stdout } = await home.run([
    'jobs',
    'logs',
    'read',
    'wrote',
    '--limit',
    '4',
    '--order',
    'asc',
    '--format',
    'json',
  ]);
  const entries = JSON.parse(stdout) as { jsonPayload?: object; timestamp: string }[];
  expect(entries).toHaveLength(4);
  expect(entries).toContainEqual(
    expect.objectContaining({ severity: 'ERROR', jsonPayload: { message: 'broken', code: 7 } }),
  );
  expect(entries.map(({ timestamp }) => timestamp)).toEqual(entries.map(({ timestamp }) => timestamp).toSorted());
});

test('logs that have to make room are gone, and a command that looks for them says so', async ({ home }) => {
  const run = (limits: Record<string, string>): Promise<{ exitCode: number | null }> =>
    home.run(['jobs', 'run', '-f', home.script('wrote', 'echo something')], { env: limits });
  const read = async (execution: string): Promise<[stdout: string, stderr: string]> => {
    const { stdout, stderr } = await home.run(['jobs', 'executions', 'logs', 'read', execution]);
    return [stdout.replaceAll(/^.{20}/gm, ''), stderr];
  };
  await run({});
  const [first] = (await home.executions()).map(({ name }) => shortName(name));
  expect(await read(first ?? '')).toEqual(['something\nContainer called exit(0).\n', '']);
  expect((await run({ LOCALRUN_LOG_LIMIT: '50' })).exitCode).toBe(0);
  const [second] = (await home.executions()).map(({ name }) => shortName(name));
  expect(await read(second ?? '')).toEqual(['something\nContainer called exit(0).\n', '']);
  expect(await read(first ?? '')).toEqual([
    'Container called exit(0).\n',
    `The logs of [${first}] have been removed. localrun keeps the logs of ended executions for LOCALRUN_LOG_RETENTION (30d), and up to LOCALRUN_LOG_LIMIT (10GiB) in total.\n`,
  ]);
  await run({ LOCALRUN_LOG_RETENTION: '0' });
  const { stderr } = await home.run(['jobs', 'logs', 'read', 'wrote']);
  expect(stderr).toContain(`The logs of [${second}, ${first}] have been removed.`);
});

test('a tail follows an execution to its end', async ({ home }) => {
  await home.run(['jobs', 'create', '-f', home.script('tailed', 'for i in 1 2 3; do echo line $i; sleep 0.5; done')]);
  await home.run(['jobs', 'execute', 'tailed']);
  const execution = shortName((await home.executions())[0]?.name ?? '');
  const tail = (...flags: string[]): ReturnType<typeof home.run> =>
    home.run(['jobs', 'executions', 'logs', 'tail', execution, ...flags]);
  const [{ stdout, exitCode }, filtered] = await Promise.all([tail(), tail('--log-filter=textPayload=~"line [13]"')]);
  expect(exitCode).toBe(0);
  expect(filtered.stdout.match(/line \d|exit\(0\)/g)).toEqual(['line 1', 'line 3']);
  expect(stdout.match(/line \d|exit\(0\)/g)).toEqual(['line 1', 'line 2', 'line 3', 'exit(0)']);
});
