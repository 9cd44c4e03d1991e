// What size costs. The memory of the process that runs an execution, on an engine in memory and a real store; the CPU
// time of commands on a large execution and on a large store, as ratios to small ones; writes a second, each in a
// transaction of its own. Medians of rounds that take turns. Needs a build.
//
//   node bench/scale.mjs [--rounds 7] [--json]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'rolldown';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
});
const root = path.join(import.meta.dirname, '..');
const program = path.join(root, 'bin', 'localrun.js');
// Below the packages, so that the bundle finds them.
const folder = mkdtempSync(path.join(root, 'node_modules', '.localrun-scale-'));
const bundle = path.join(folder, 'large-store.mjs');

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

function home(name) {
  const directory = path.join(folder, name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

const largeStore = (...args) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', bundle, ...args.map(String)], { encoding: 'utf8' }));

/** CPU seconds of a command, most of which are its start. */
function cpu(directory, args) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$0" "$@"', process.execPath, program, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, LOCALRUN_HOME: directory, LOCALRUN_PROJECT: 'p', LOCALRUN_REGION: 'us-central1' },
    },
  );
  if (status !== 0 || stdout === '') throw new Error(`${args.join(' ')} has failed: ${stderr}`);
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return user + system;
}

/** The median of the rounds' ratios of two calls. */
function ratio(large, small) {
  const rounds = Array.from({ length: Number(values.rounds) }, () => [large(), small()]);
  return median(rounds.map(([a, b]) => a / b));
}

try {
  await build({
    input: path.join(import.meta.dirname, 'large-store.ts'),
    platform: 'node',
    external: ['libsql'],
    logLevel: 'silent',
    output: { file: bundle, format: 'esm', codeSplitting: false },
  });

  const tasks = home('tasks');
  const [ten, thousand, tenThousand] = [10, 1000, 10_000].map((count) => largeStore('run', tasks, count));
  const onTasks = (...args) => {
    const at = (count) => () => cpu(tasks, ['jobs', 'executions', ...args.map((arg) => arg.replace('N', `n${count}`))]);
    return ratio(at(10_000), at(10));
  };

  const [few, many] = [home('few'), home('many')];
  largeStore('fill', few, 10, 1);
  const filled = largeStore('fill', many, 1000, 5);
  const onStores = (...args) =>
    ratio(
      () => cpu(many, args),
      () => cpu(few, args),
    );

  const figures = {
    succeeded: [ten, thousand, tenThousand].map(({ succeeded }) => succeeded),
    rssMiB: [thousand, tenThousand].map(({ rss }) => Math.round(rss / 2 ** 20)),
    rssRatio: tenThousand.rss / thousand.rss,
    tasksPerSecond: 10_000 / tenThousand.seconds,
    writesPerSecond: filled.writes / filled.seconds,
    tasksListRatio: onTasks('tasks', 'list', '--execution', 'nightly-N', '--limit', '20'),
    describeRatio: onTasks('describe', 'nightly-N'),
    jobsListRatio: onStores('jobs', 'list', '--limit', '10'),
    allJobsListRatio: onStores('jobs', 'list'),
    executionsListRatio: onStores('jobs', 'executions', 'list', '--limit', '10'),
    executionsOfJobRatio: onStores('jobs', 'executions', 'list', '--job', 'job-7'),
    allExecutionsListRatio: onStores('jobs', 'executions', 'list'),
  };
  if (values.json) console.log(JSON.stringify(figures));
  else {
    const two = (number) => number.toFixed(2);
    console.log(`RSS after 1,000 and 10,000 tasks       ${figures.rssMiB.join(' and ')} MiB: ${two(figures.rssRatio)} (goal 1.3)
tasks a second, without containers      ${Math.round(figures.tasksPerSecond)}
writes a second                         ${Math.round(figures.writesPerSecond)}

CPU time, 10,000 tasks to 10
tasks list --limit 20                   ${two(figures.tasksListRatio)} (goal 3)
executions describe                     ${two(figures.describeRatio)} (goal 3)

CPU time, 1,000 jobs with 5,000 executions to 10 with 10
jobs list --limit 10                    ${two(figures.jobsListRatio)} (goal 2)
jobs list                               ${two(figures.allJobsListRatio)}
executions list --limit 10              ${two(figures.executionsListRatio)} (goal 2)
executions list --job                   ${two(figures.executionsOfJobRatio)} (goal 2)
executions list                         ${two(figures.allExecutionsListRatio)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
