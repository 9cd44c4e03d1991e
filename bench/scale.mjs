// What size costs. The memory of the process that runs an execution, on an engine in memory, on a cluster whose events
// are replayed, and on a real store; the CPU time of commands on a large execution and on a large store, as ratios to small ones; writes a second, each in a
// transaction of its own. Medians of rounds that take turns. Needs a build.
//
//   node bench/scale.mjs [--rounds 7] [--tasks 10000] [--json]
//
// As JSON it gives what there is a goal for.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'rolldown';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    tasks: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});
const most = Number(values.tasks);
const fewer = 1000;
const root = path.join(import.meta.dirname, '..');
const program = path.join(root, 'bin', 'localrun.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'localrun-scale-'));
// Below the packages, so that it finds them.
const bundle = path.join(root, 'node_modules', `.${path.basename(folder)}.mjs`);

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
  const [ten, tenth, whole] = [10, fewer, most].map((count) => largeStore('run', tasks, count));
  /** Only for people: it takes a minute. */
  const onCluster = values.json
    ? []
    : [fewer, most].map((count) => largeStore('cluster', home(`cluster-${count}`), count));
  const onTasks = (...args) => {
    const at = (count) => () => cpu(tasks, ['jobs', 'executions', ...args.map((arg) => arg.replace('N', `n${count}`))]);
    return ratio(at(most), at(10));
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
    succeeded: [ten, tenth, whole].map(({ succeeded }) => succeeded),
    rssMiB: [tenth, whole].map(({ rss }) => Math.round(rss / 2 ** 20)),
    rssRatio: whole.rss / tenth.rss,
    tasksPerSecond: most / whole.seconds,
    writesPerSecond: filled.writes / filled.seconds,
    tasksListRatio: onTasks('tasks', 'list', '--execution', 'nightly-N', '--limit', '20'),
    describeRatio: onTasks('describe', 'nightly-N'),
    jobsListRatio: onStores('jobs', 'list', '--limit', '10'),
    executionsListRatio: onStores('jobs', 'executions', 'list', '--limit', '10'),
    executionsOfJobRatio: onStores('jobs', 'executions', 'list', '--job', 'job-7'),
  };
  if (values.json) console.log(JSON.stringify(figures));
  else {
    const two = (number) => number.toFixed(2);
    const [some, all] = onCluster;
    if (all.succeeded !== most) throw new Error(`${all.succeeded} of ${most} tasks succeeded on the cluster`);
    console.log(`RSS after ${fewer} and ${most} tasks         ${figures.rssMiB.join(' and ')} MiB: ${two(figures.rssRatio)} (goal 1.3)
the same on a replayed cluster          ${onCluster.map(({ rss }) => Math.round(rss / 2 ** 20)).join(' and ')} MiB: ${two(all.rss / some.rss)} (goal 1.3)
tasks a second there                    ${Math.round(most / all.seconds)}
tasks a second, without containers      ${Math.round(figures.tasksPerSecond)}
writes a second                         ${Math.round(figures.writesPerSecond)}

CPU time, ${most} tasks to 10
tasks list --limit 20                   ${two(figures.tasksListRatio)} (goal 3)
executions describe                     ${two(figures.describeRatio)} (goal 3)

CPU time, 1,000 jobs with 5,000 executions to 10 with 10
jobs list --limit 10                    ${two(figures.jobsListRatio)} (goal 2)
jobs list                               ${two(onStores('jobs', 'list'))}
executions list --limit 10              ${two(figures.executionsListRatio)} (goal 2)
executions list --job                   ${two(figures.executionsOfJobRatio)} (goal 2)
executions list                         ${two(onStores('jobs', 'executions', 'list'))}`);
  }
} finally {
  rmSync(folder, { recursive: true });
  rmSync(bundle, { force: true });
}
