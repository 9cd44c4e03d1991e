// How many tasks a second `localrun jobs run` runs, against `xargs -P P docker run --rm` with the same image, limits and
// command, in rounds of one after the other: medians, and the medians of each round's ratio. Goals for slot sandboxes:
// 1.8 at P = 2, 1.5 at 4, 1.1 at 8; with --fresh-sandbox: 0.9.
//
//   node bench/throughput.mjs [--rounds 5] [--tasks 64] [--parallelism 2,4,8] [--modes slots,fresh]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const image = 'localrun/busybox:latest';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    tasks: { type: 'string', default: '64' },
    parallelism: { type: 'string', default: '2,4,8' },
    modes: { type: 'string', default: 'slots,fresh' },
  },
});
const tasks = Number(values.tasks);
const modes = values.modes.split(',');

build();
makeTestImage();
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const label = createHash('sha256').update(home).digest('hex').slice(0, 12);
const usage = path.join(home, 'usage.json');

/** At the end of a Node.js process: CPU seconds of its own, and of the processes that it has waited for. */
const hook = path.join(home, 'hook.cjs');
writeFileSync(
  hook,
  `const { readFileSync, writeFileSync } = require('node:fs');
   process.on('exit', () => {
     const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
     const { user, system } = process.cpuUsage();
     const clients = (Number(fields[13]) + Number(fields[14])) / 100;
     writeFileSync(${JSON.stringify(usage)}, JSON.stringify({ own: (user + system) / 1e6, clients }));
   });`,
);

/** Runs a command to its end while the engine tells what happens; times in seconds. */
async function run(command, args, env = {}) {
  const events = spawn('docker', ['events', '--filter', 'type=container', '--format', '{{json .}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  events.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const begin = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const status = await new Promise((resolve) => child.on('exit', resolve));
  const end = Date.now();
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} has failed:\n${output}`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  events.kill();
  const ours = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    // Sandboxes are no tasks, nor is what others do with the engine.
    .filter(({ Actor: { Attributes: labels } }) =>
      labels['dev.localrun.task'] ? labels['dev.localrun.home'] === label : labels['dev.localrun.bench'] === label,
    );
  const times = (action) => ours.filter(({ Action }) => Action === action).map(({ timeNano }) => timeNano / 1e6);
  return {
    rate: tasks / ((end - begin) / 1000),
    first: (Math.min(...times('start')) - begin) / 1000,
    last: (end - Math.max(...times('die'))) / 1000,
    output,
  };
}

async function xargs(parallelism) {
  const limits = ['--memory', '512m', '--memory-swap', '512m', '--cpus', '1', '--label', `dev.localrun.bench=${label}`];
  const script = `seq ${tasks} | xargs -P ${parallelism} -I{} docker run --rm ${limits.join(' ')} ${image} true; times`;
  const result = await run('bash', ['-c', script]);
  // The second line of \`times\` is that of children.
  const seconds = [
    ...result.output
      .trim()
      .split('\n')
      .at(-1)
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest));
  return { ...result, own: 0, clients: seconds.reduce((sum, part) => sum + part, 0) };
}

async function localrun(parallelism, mode) {
  const job = { image, command: 'true', tasks, parallelism };
  const flags = Object.entries(job).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const args = [path.join(root, 'bin', 'localrun.js'), 'jobs', 'run', 'bench', ...flags];
  const env = { LOCALRUN_HOME: home, NODE_OPTIONS: `--require ${hook}`, CI: '1' };
  const result = await run(process.execPath, [...args, ...(mode === 'fresh' ? ['--fresh-sandbox'] : [])], env);
  return { ...result, ...JSON.parse(readFileSync(usage, 'utf8')) };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const show = (number, digits = 2) => number.toFixed(digits).padStart(8);

console.log(`${tasks} tasks, ${values.rounds} rounds, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} CPUs`);
console.log(
  '                tasks/s   ratio   first    last  own ms  client ms\n' +
    '                        to xargs  start s  exit s   CPU a task',
);
for (const parallelism of values.parallelism.split(',').map(Number)) {
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const result = { xargs: await xargs(parallelism) };
    for (const mode of modes) result[mode] = await localrun(parallelism, mode);
    rounds.push(result);
  }
  for (const mode of ['xargs', ...modes]) {
    const of = (measure) => median(rounds.map((round) => measure(round[mode], round.xargs)));
    console.log(
      `P=${String(parallelism).padEnd(3)} ${mode.padEnd(8)}`,
      show(of(({ rate }) => rate)),
      show(of(({ rate }, base) => rate / base.rate)),
      show(of(({ first }) => first)),
      show(of(({ last }) => last)),
      show(
        of(({ own }) => (own / tasks) * 1000),
        1,
      ),
      show(
        of(({ clients }) => (clients / tasks) * 1000),
        1,
      ),
    );
  }
}
console.log(`load ${os.loadavg()[0].toFixed(1)}`);
rmSync(home, { recursive: true });
