// What it costs that localrun keeps and shows what a chatty task writes: against `docker run` with its output in a file,
// and against `docker logs` alone, in rounds of one after the other. Medians of MB/s and of each round's ratio to
// `docker run`; the memory is the most that the process has had.
//
// With --rate the task writes so many lines a second instead of all that it can, and CPU s is what counts.
//
//   node bench/logs.mjs [--rounds 3] [--lines 500000] [--rate 100000]
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    lines: { type: 'string', default: '500000' },
    rate: { type: 'string' },
  },
});
const image = 'localrun/busybox:latest';
const line = 'a line of a chatty task, of sixty bytes or so with its newline';
const write = (lines) => `yes '${line}' | head -n ${lines}`;
const script = values.rate
  ? `i=0; while [ $i -lt ${(10 * values.lines) / values.rate} ]; do (${write(values.rate / 10)}); i=$((i + 1)); sleep 0.095; done`
  : write(values.lines);
const megabytes = (Number(values.lines) * (line.length + 1)) / 1e6;

build();
makeTestImage();
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const hook = path.join(home, 'hook.cjs');
const usage = path.join(home, 'usage');
writeFileSync(
  hook,
  `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(usage)},
     JSON.stringify({ mib: process.resourceUsage().maxRSS / 1024, cpu: process.cpuUsage() })));`,
);
const env = { ...process.env, LOCALRUN_HOME: home, CI: '1', NODE_OPTIONS: `--require ${hook}` };
const output = path.join(home, 'output');

/** Runs a command with its output in a file; MB/s. */
async function run(command, ...args) {
  const file = openSync(output, 'w');
  const begin = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', file, file], env });
  const status = await new Promise((resolve) => child.on('exit', resolve));
  const seconds = (performance.now() - begin) / 1000;
  closeSync(file);
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} has failed: ${readFileSync(output, 'utf8').slice(-500)}`);
  if (statSync(output).size < megabytes * 1e6) throw new Error(`${command} ${args.join(' ')} has lost something`);
  return { rate: megabytes / seconds };
}

async function localrun(...args) {
  const result = await run(process.execPath, path.join(root, 'bin', 'localrun.js'), ...args);
  const { mib, cpu } = JSON.parse(readFileSync(usage, 'utf8'));
  return { ...result, mib, cpu: (cpu.user + cpu.system) / 1e6 };
}

async function round(number) {
  const container = `localrun-bench-logs-${process.pid}`;
  const measured = {};
  measured['docker run > file'] = await run('docker', 'run', '--name', container, image, 'sh', '-c', script);
  measured['docker logs'] = await run('docker', 'logs', container);
  await new Promise((resolve) => spawn('docker', ['rm', container], { stdio: 'ignore' }).on('exit', resolve));
  const job = `chatty-${number}`;
  const flags = ['--image', image, '--command', 'sh', `--args=^@^-c@${script}`];
  measured['localrun jobs run'] = await localrun('jobs', 'run', job, ...flags);
  measured['localrun logs read'] = await localrun('jobs', 'logs', 'read', job);
  measured['… --format=json'] = await localrun('jobs', 'logs', 'read', job, '--format=json');
  return measured;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const show = (number, digits) => (number === undefined ? '' : number.toFixed(digits)).padStart(9);

console.log(
  `${megabytes.toFixed(0)} MB in ${values.lines} lines, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} CPUs`,
);
console.log('                          MB/s    ratio    CPU s  RSS MiB');
const rounds = [];
for (let number = 0; number < Number(values.rounds); number++) rounds.push(await round(number));
for (const name of Object.keys(rounds[0])) {
  const of = (measure) => median(rounds.map((measured) => measure(measured[name], measured['docker run > file'])));
  const ratio = of(({ rate }, base) => rate / base.rate);
  console.log(
    name.padEnd(20),
    show(
      of(({ rate }) => rate),
      1,
    ),
    show(ratio, 2),
    show(
      of(({ cpu }) => cpu),
      1,
    ),
    show(
      of(({ mib }) => mib),
      0,
    ),
  );
}
console.log(`load ${os.loadavg()[0].toFixed(1)}`);
rmSync(home, { recursive: true });
