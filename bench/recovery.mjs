// How long it takes after kill -9 until an execution goes on, and until it has ended: the process that runs one is
// killed at random moments, in the foreground and in the background in turn, and the next command has it taken up. The
// times are from the start of that command: until another process has taken the execution's attempts up, and until that
// process has ended. The tasks (sleep 0.5) have mostly ended before, so that nothing delays the end but the takeover.
//
//   node bench/recovery.mjs [--rounds 30] [--seed 1]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
build();
makeTestImage();
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let state = Number(values.seed);
/** The next number from 0 to 1 (a linear congruence). */
const random = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;

/** Starts a localrun command; its output on both streams is in `output`. */
function localrun(...args) {
  const child = spawn(process.execPath, [path.join(root, 'bin', 'localrun.js'), ...args], {
    env: { ...process.env, LOCALRUN_HOME: home, CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const command = { child, output: '', ended: new Promise((resolve) => child.on('close', resolve)) };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (command.output += chunk));
  return command;
}

async function execution(command) {
  for (;;) {
    const id = /Execution \[([^\]]+)\]/.exec(command.output)?.[1];
    if (id) return id;
    if (command.child.exitCode !== null) throw new Error(command.output);
    await sleep(20);
  }
}

/** The processes that run executions of this home. */
function supervisors() {
  return readdirSync('/proc').filter((pid) => {
    try {
      const ours = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`LOCALRUN_HOME=${home}\0`);
      return ours && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('localrun.js');
    } catch {
      // No process, or none any more.
      return false;
    }
  });
}

async function round(background) {
  const first = localrun('jobs', background ? 'execute' : 'run', 'bench');
  const id = await execution(first);
  await sleep(200 + random() * 700);
  for (const pid of supervisors()) process.kill(pid, 'SIGKILL');
  await first.ended;
  await sleep(1000);
  const begin = Date.now();
  await localrun('jobs', 'executions', 'list').ended;
  while (supervisors().length > 0) await sleep(10);
  const end = (Date.now() - begin) / 1000;
  const log = path.join(home, 'workers', `${id}.log`);
  const taken = (existsSync(log) ? readFileSync(log, 'utf8') : '')
    .split('\n')
    .filter((line) => line.includes('Resuming '))
    .map((line) => (Date.parse(line.split(' ')[0]) - begin) / 1000)
    .find((time) => time > 0);
  // What had ended before it was killed, or was between two attempts, is not counted.
  return taken === undefined ? [] : [{ taken, end }];
}

const flags = ['--image', 'localrun/busybox:latest', '--command', 'sleep', '--args', '0.5', '--tasks', '2'];
await localrun('jobs', 'create', 'bench', ...flags).ended;
const results = [];
for (let i = 0; i < Number(values.rounds); i++) results.push(...(await round(i % 2 === 1)));
console.log(
  `${results.length} of ${values.rounds} were taken up; load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} CPUs`,
);
console.log('                 median s   worst s');
for (const [title, measure] of [
  ['until it goes on', ({ taken }) => taken],
  ['until its end', ({ end }) => end],
]) {
  const times = results.map(measure).toSorted((a, b) => a - b);
  const show = (time) => time.toFixed(2).padStart(9);
  console.log(title.padEnd(16), show(times[Math.floor(times.length / 2)]), show(times.at(-1)));
}
rmSync(home, { recursive: true });
