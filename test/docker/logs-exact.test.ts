import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { seenAtLast } from '../../src/model/log-lines.js';
import { printable } from '../../src/model/printable.js';
import { type Command, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const stamp = '2026-11-24T20:36:07.541113295Z ';
/** Docker cuts lines into pieces of this size. */
const piece = 16_384;

/** Bytes that are like no text, the same every time. */
const noise = Buffer.concat(Array.from({ length: 300 }, (_, i) => createHash('sha256').update(`${i}`).digest()));

/** What is hard to keep: what looks like a time where one could be, line ends of all kinds, letters cut in two. */
const hard = Buffer.concat(
  [
    `${stamp}${stamp}at the start\n${stamp}\n${stamp.trim()}\n${stamp}no end\r\n\r\n\n\n \n`,
    `${'a'.repeat(piece)}${stamp}at the cut\n`,
    `${'b'.repeat(piece - stamp.length)}${stamp}${stamp}before and after it\n`,
    `${'c'.repeat(piece)}\n${'d'.repeat(piece - 1)}\n`,
    `x${'é'.repeat(piece)}\n`,
    noise,
    `\n${'\u{fffd}'.repeat(piece / 2)}${stamp}\n2026-\0\u{1b}[31m`,
  ].map((part) => Buffer.from(part)),
);

/** It, as variables: a value has at most 32 kB. */
const env = (hard.toString('base64').match(/.{1,30000}/g) ?? []).map((value, i) => ({ name: `PART${i}`, value }));

/** Writes it on both streams, in two parts, the second of which ends without a newline. */
const script = `all() { echo "${env.map(({ name }) => `$${name}`).join('')}" | base64 -d; }
  all | head -c 40000; echo ready >&2; all | head -c 40000 >&2; sleep 3; all | tail -c +40001; all | tail -c +40001 >&2`;

const spec = (home: Home, name: string): string => home.script(name, script, { env, maxRetries: 0 });

/** The client that is attached to the container of a task. */
const client = (home: Home): number => {
  const attached = home
    .processes()
    .find(({ args }) => args[1] === 'run' && args.some((arg) => arg.endsWith('-task0-attempt0')));
  if (!attached) throw new Error('no client is attached');
  return attached.pid;
};

test.concurrent.for<[name: string, trouble: (command: Command, home: Home) => void]>([
  ['whatever it is', () => {}],
  ['also by who takes it over', (command) => command.kill('SIGKILL')],
  ['also if the client is killed', (_, home) => process.kill(client(home), 'SIGKILL')],
])('every byte that a task writes is kept, %s', async ([, trouble], { home }) => {
  const command = home.start(['jobs', 'run', '-f', spec(home, 'exact')]);
  await command.says('│ ready\n');
  trouble(command, home);
  await command.ended;
  await home.run(['jobs', 'executions', 'list']);
  const id = await command.execution();
  await home.completed(id);
  expect(home.bytes(id).equals(hard)).toBe(true);
  expect(home.bytes(id, 0, 'stderr').equals(Buffer.concat([Buffer.from('ready\n'), hard]))).toBe(true);
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', id, '--format', 'json']);
  const entries = JSON.parse(stdout) as { logName: string; textPayload: string }[];
  const texts = entries.filter(({ logName }) => logName.endsWith('stdout')).map(({ textPayload }) => textPayload);
  expect(texts).toEqual(hard.toString('utf8').split('\n'));
});

test.concurrent('what is shown is what was written, line for line', async ({ home }) => {
  const command = home.inline(['jobs', 'run', '-f', spec(home, 'shown')]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(0);
  // Both streams: each line is there twice.
  const shown = new Map<string, number>();
  for (const line of stderr.split('\n')) shown.set(line, (shown.get(line) ?? 0) + 1);
  for (const line of hard.toString('utf8').split('\n')) {
    expect(shown.get(`task 0 │ ${printable(seenAtLast(line), false)}`), line).toBeGreaterThanOrEqual(2);
  }
});

test.concurrent('structured lines become what Cloud Logging makes of them', async ({ home }) => {
  const line = {
    severity: 'warning',
    message: 'm',
    time: '2026-11-24T01:02:03.456+01:00',
    'logging.googleapis.com/trace': 'projects/p/traces/t',
    'logging.googleapis.com/trace_sampled': true,
    'logging.googleapis.com/labels': { a: 'b' },
    size: 5,
  };
  const file = home.script('structured', `echo "$LINE"; echo '{"severity":"ERROR"'; echo '[1]'`, {
    env: [{ name: 'LINE', value: JSON.stringify(line) }],
  });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.ended;
  const id = await command.execution();
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', id, '--format', 'json']);
  const entries = JSON.parse(stdout) as object[];
  expect(entries).toHaveLength(4);
  expect(entries).toContainEqual(
    expect.objectContaining({
      severity: 'WARNING',
      timestamp: '2026-11-24T00:02:03.456000Z',
      trace: 'projects/p/traces/t',
      traceSampled: true,
      labels: expect.objectContaining({ a: 'b' }) as unknown,
      jsonPayload: { message: 'm', size: 5 },
    }),
  );
  for (const textPayload of ['{"severity":"ERROR"', '[1]']) {
    expect(entries).toContainEqual(expect.objectContaining({ textPayload }));
  }
});

const unfinished = `trap 'exit 1' TERM; echo whole; printf part; sleep 60 & wait`;

test.concurrent.for<[how: string, end: (command: Command, home: Home) => Promise<unknown>, says: string]>([
  ['killed', async (_, home) => home.kill(), 'Container terminated on signal 9.'],
  ['ended by its timeout', async () => {}, 'Terminating task because it has reached the maximum timeout of 4 seconds.'],
  ['cancelled', async (command) => command.kill('SIGINT'), ''],
])('of a task that is %s in the middle of a line, that line is kept', async ([, end, says], { home }) => {
  const file = home.script('unfinished', unfinished, { maxRetries: 0, timeout: says.includes('4') ? '4s' : '60s' });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('│ whole');
  const id = await command.execution();
  await until(() => readFileSync(home.logFile(id), 'utf8').endsWith('part'));
  await end(command, home);
  const { stderr } = await command.ended;
  expect(stderr).toContain('task 0 │ part\n');
  expect(home.bytes(id).toString()).toBe('whole\npart');
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', id, '--format', 'value(textPayload)']);
  expect(stdout.split('\n')).toEqual(['whole', 'part', ...(says ? [says] : []), '']);
});
