// A long time with everything at once: jobs of all kinds are run, executed, cancelled and deleted at random, commands,
// workers and containers are killed, while one execution goes on from the beginning to the end. Prints what the process
// of that one took meanwhile, and what is left in the end, which has to be nothing: exit code 1 if it is not.
//
//   node bench/soak.mjs [--minutes 15] [--seed NUMBER]
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '15' }, seed: { type: 'string', default: String(Date.now()) } },
});
/** How many commands are under way beside the long execution. */
const hands = 3;
const sampleInterval = 5000;

build();
makeTestImage();
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-soak-'));
const label = `dev.localrun.home=${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
const env = { ...process.env, LOCALRUN_HOME: home, LOCALRUN_PROJECT: 'localrun', LOCALRUN_REGION: 'us-central1' };
const end = Date.now() + Number(values.minutes) * 60_000;
console.log(`seed ${values.seed}, ${values.minutes} minutes, ${home}`);

// A generator of small quality that a seed repeats (mulberry32).
let state = Number(values.seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const shell = (script) => ({ image: 'localrun/busybox:latest', command: ['sh', '-c'], args: [script] });
const scripts = [
  'true',
  'sleep 0.5',
  'sleep 5',
  'exit 3',
  '[ $CLOUD_RUN_TASK_ATTEMPT -ge 1 ]',
  'seq 20000',
  'trap "" TERM; sleep 3',
  'kill -SEGV $$',
];

/** A spec of some kind, in a file. */
function spec(name, more = {}) {
  const container = shell(pick(scripts));
  const template = { containers: [container], maxRetries: Math.floor(random() * 3), timeout: pick(['2s', '60s']) };
  if (random() < 0.2) {
    template.containers = [
      { ...container, name: 'main', dependsOn: ['side'] },
      { ...shell('sleep 60'), name: 'side' },
    ];
  }
  if (random() < 0.2) {
    template.volumes = [{ name: 'scratch', emptyDir: { medium: pick(['MEMORY', 'DISK']) } }];
    for (const one of template.containers) one.volumeMounts = [{ name: 'scratch', mountPath: '/scratch' }];
  }
  const taskCount = 1 + Math.floor(random() * 6);
  const parallelism = 1 + Math.floor(random() * taskCount);
  const file = path.join(home, `${name}.json`);
  const job = { name: `projects/localrun/locations/us-central1/jobs/${name}` };
  writeFileSync(file, JSON.stringify({ ...job, template: { taskCount, parallelism, template, ...more } }));
  return file;
}

const running = new Set();
const counts = {};
/** Runs a command to its end: its exit code, or the signal that ended it. */
async function run(...args) {
  const child = spawn(process.execPath, [path.join(root, 'bin', 'localrun.js'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-20_000)));
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  running.delete(child);
  const kind = `${args
    .filter((arg) => /^[a-z]+$/.test(arg))
    .slice(0, 3)
    .join(' ')}: ${status}`;
  counts[kind] = (counts[kind] ?? 0) + 1;
  if (/\n\s+at |internal error/i.test(stderr)) throw new Error(`localrun ${args.join(' ')}:\n${stderr}`);
  return { status, stdout };
}

const listed = async (...args) => JSON.parse((await run('jobs', ...args, '--format', 'json')).stdout || '[]');
const shortName = ({ name }) => name.split('/').at(-1);

async function anExecution() {
  const executions = (await listed('executions', 'list')).map(shortName).filter((name) => !name.startsWith('steady-'));
  return pick(executions);
}

const jobs = ['ant', 'bee', 'cat', 'dog'];
const actions = [
  () => run('jobs', 'run', '-f', spec(pick(jobs))),
  () => run('jobs', 'run', '-f', spec(pick(jobs))),
  () => run('jobs', 'replace', spec(pick(jobs))),
  () => run('jobs', 'execute', pick(jobs)),
  () => run('jobs', 'execute', pick(jobs), '--wait'),
  () => run('jobs', 'execute', pick(jobs), '--async'),
  () => run('jobs', 'delete', pick(jobs), '--quiet'),
  () => run('jobs', 'logs', 'read', pick(jobs)),
  async () => {
    const name = await anExecution();
    if (name) await run('jobs', 'executions', pick(['cancel', 'delete']), name, '--quiet');
  },
  async () => {
    const name = await anExecution();
    if (name) await run('jobs', 'executions', 'describe', name);
  },
  async () => {
    const victim = pick([...running].filter((child) => child !== steady));
    victim?.kill('SIGKILL');
    counts['kill -9 of a command'] = (counts['kill -9 of a command'] ?? 0) + 1;
  },
  async () => {
    const worker = pick(own().filter(({ words }) => words.includes('__worker')));
    if (!worker) return;
    process.kill(worker.pid, 'SIGKILL');
    counts['kill -9 of a worker'] = (counts['kill -9 of a worker'] ?? 0) + 1;
  },
  async () => {
    const container = pick(docker('ps', '--quiet', '--filter', `label=${label}`));
    if (!container) return;
    try {
      docker('kill', container);
    } catch {
      // It ended meanwhile.
    }
    counts['docker kill'] = (counts['docker kill'] ?? 0) + 1;
  },
];

const docker = (...args) =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .filter(Boolean);

/** The processes that work on this home. */
function own() {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
        if (!environ.includes(`LOCALRUN_HOME=${home}`)) return [];
        return [{ pid: Number(pid), words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0') }];
      } catch {
        return [];
      }
    });
}

/** Memory in MiB and open files of a process. */
function sample(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  return { rss, files: readdirSync(`/proc/${pid}/fd`).length };
}

const diskUse = () => Number(execFileSync('du', ['-sk', home], { encoding: 'utf8' }).split('\t')[0]) / 1024;

const steadyFile = spec('steady', {
  taskCount: 10_000,
  parallelism: 1,
  template: { containers: [shell('sleep 0.2; echo $CLOUD_RUN_TASK_INDEX')], maxRetries: 3 },
});
const steadyRun = run('jobs', 'run', '-f', steadyFile);
const [steady] = running;
const samples = [];
const sampler = setInterval(() => samples.push(sample(steady.pid)), sampleInterval);

async function hand() {
  while (Date.now() < end) {
    await pick(actions)();
    await new Promise((resolve) => setTimeout(resolve, random() * 500));
  }
}
await Promise.all(Array.from({ length: hands }, hand));
clearInterval(sampler);
steady.kill('SIGINT');
await steadyRun;

const faults = [];
const must = (held, what) => void (held || faults.push(what));

// Everything that was left is taken up and comes to its end.
let executions = [];
for (const until = Date.now() + 180_000; Date.now() < until;) {
  executions = await listed('executions', 'list');
  if (executions.every(({ completionTime }) => completionTime)) break;
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
for (const one of executions) {
  const { succeededCount = 0, failedCount = 0, cancelledCount = 0, taskCount } = one;
  must(one.completionTime, `${shortName(one)} has not ended`);
  const counted = succeededCount + failedCount + cancelledCount;
  const ended = counted === taskCount || one.conditions.some(({ state }) => state === 'CONDITION_FAILED');
  must(ended && counted <= taskCount, `${shortName(one)} counts ${counted} of ${taskCount} tasks`);
}
// A client that listens for starts may outlive its process for some seconds.
for (const until = Date.now() + 15_000; own().length > 0 && Date.now() < until;) {
  await new Promise((resolve) => setTimeout(resolve, 500));
}
must(
  own().length === 0,
  `processes: ${own()
    .map(({ words }) => words.join(' '))
    .join(', ')}`,
);
const containers = docker('ps', '--all', '--quiet', '--filter', `label=${label}`);
must(containers.length === 0, `containers: ${containers.join(', ')}`);
const volumes = docker('volume', 'ls', '--quiet', '--filter', `label=${label}`);
must(volumes.length === 0, `volumes: ${volumes.join(', ')}`);
const before = diskUse();
await run('prune', '--quiet');
const after = diskUse();

const middle = samples.slice(samples.length >> 2);
const of = (key) => {
  const numbers = middle.map((one) => one[key]);
  return `${numbers[0]?.toFixed(0)} after a quarter, ${numbers.at(-1)?.toFixed(0)} at the end, ${Math.max(...numbers).toFixed(0)} at most`;
};
const kinds = Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
for (const [kind, count] of kinds) console.log(`${String(count).padStart(6)}  ${kind}`);
console.log(`executions left ${executions.length}
memory of the long one in MiB: ${of('rss')}
its open files: ${of('files')}
disk in MiB: ${before.toFixed(1)}, after prune ${after.toFixed(1)}`);
for (const fault of faults) console.log(`FAULT ${fault}`);
rmSync(home, { recursive: true });
process.exitCode = faults.length > 0 ? 1 : 0;
