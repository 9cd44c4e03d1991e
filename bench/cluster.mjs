// What a cluster costs, and how fast it recovers, on the lab that LOCALRUN_KUBERNETES_LAB names (docs/kubernetes-lab.md):
//
//   attempts per second of `localrun jobs run --runtime kubernetes` against `xargs -P docker run` on the engines of the
//   same nodes, in rounds of one after the other; the time from the creation of a pod until it runs, as the server's
//   watch tells; how evenly the nodes are used: the most tasks of a node over the mean
//   seconds from the cut of a node until an attempt of its tasks starts on the other, as long as a pod is allowed to stay
//   on a node that does not answer included (30 s)
//   seconds from the command after kill -9 of the supervisor until the execution goes on
//
//   node bench/cluster.mjs [--rounds 3] [--tasks 64] [--parallelism 8,32] [--cuts 1] [--kills 10]
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { Lab } from '../scripts/kubernetes-lab/lab.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const image = 'localrun/busybox:latest';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '64' },
    parallelism: { type: 'string', default: '8,32' },
    cuts: { type: 'string', default: '1' },
    kills: { type: 'string', default: '10' },
  },
});
const tasks = Number(values.tasks);
const lab = new Lab();
if (!lab.isUp) throw new Error('No lab is up: node scripts/kubernetes-lab.mjs up');
build();
makeTestImage();
await lab.loadImage(image);
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const config = path.join(home, 'localrun.yaml');
// Of 16 processors that a node says it has, so that all of a round may run at once.
const runtime = {
  kind: 'kubernetes',
  namespace: 'jobs',
  imagesOnNodes: true,
  requests: { cpu: '100m', memory: '32Mi' },
};
writeFileSync(config, JSON.stringify({ runtime }));
const env = {
  ...process.env,
  ...{ LOCALRUN_HOME: home, LOCALRUN_CONFIG: config, KUBECONFIG: lab.userConfig, CI: '1' },
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** Starts a command; its output on both streams is in `output`. */
function start(command, args) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const started = { child, output: '', ended: new Promise((resolve) => child.on('close', resolve)) };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (started.output += chunk));
  return started;
}

const localrun = (...args) => start(process.execPath, [path.join(root, 'bin', 'localrun.js'), ...args]);

/** Seconds that a command takes. @throws Error with its output if it fails */
async function secondsOf(command) {
  const begin = Date.now();
  const status = await command.ended;
  if (status !== 0) throw new Error(command.output);
  return (Date.now() - begin) / 1000;
}

/** The pods of a namespace as the server tells of them, with the time by our clock when it told. */
function watchPods() {
  const watch = start('kubectl', ['get', '--raw', '/api/v1/namespaces/jobs/pods?watch=1']);
  const events = [];
  let rest = '';
  watch.child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop();
    for (const line of lines) events.push({ ...JSON.parse(line), at: Date.now() });
  });
  return { events, close: () => watch.child.kill() };
}

const hasStarted = ({ object }) =>
  object.status.containerStatuses?.some(({ state }) => state.running || state.terminated?.startedAt);

async function xargs(parallelism) {
  const limits = '--memory 512m --memory-swap 512m --cpus 1 --network none';
  const hosts = `[ $(({} % ${lab.nodes})) = 0 ] && H=${lab.dockerHost(1)} || H=${lab.dockerHost(2)}`;
  const one = `${hosts}; docker --host $H run --rm ${limits} ${image} true`;
  const script = `seq ${tasks} | xargs -P ${parallelism} -I{} sh -c '${one}'`;
  return { rate: tasks / (await secondsOf(start('bash', ['-c', script]))) };
}

async function cluster(parallelism) {
  const watch = watchPods();
  await sleep(500);
  const job = { image, command: 'true', tasks, parallelism };
  const flags = Object.entries(job).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const seconds = await secondsOf(localrun('jobs', 'run', 'bench', ...flags));
  watch.close();
  const starts = [...byPod(watch.events).values()].map((events) => {
    const running = events.find(hasStarted);
    return { ms: (running?.at ?? Number.NaN) - events[0].at, node: running?.object.spec.nodeName };
  });
  const times = starts.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const counts = Array.from(
    { length: lab.nodes },
    (_, i) => starts.filter(({ node }) => node === `node${i + 1}`).length,
  );
  return {
    rate: tasks / seconds,
    p95: times[Math.ceil(times.length * 0.95) - 1] / 1000,
    spread: Math.max(...counts) / (tasks / lab.nodes),
  };
}

function byPod(events) {
  const groups = new Map();
  for (const event of events) {
    const { name } = event.object.metadata;
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  return groups;
}

async function execution(command) {
  for (;;) {
    const id = /Execution \[([^\]]+)\]/.exec(command.output)?.[1];
    if (id) return id;
    if (command.child.exitCode !== null) throw new Error(command.output);
    await sleep(20);
  }
}

const shell = (script) => ['--image', image, '--command', 'sh', '--args', `-c,${script}`];

/** Seconds from the cut of a node until an attempt of one of its tasks has started elsewhere. */
async function cut() {
  const watch = watchPods();
  const retry = localrun(
    ...['jobs', 'run', 'cut', '--tasks', '4', '--max-retries', '1'],
    ...shell('[ $CLOUD_RUN_TASK_ATTEMPT = 1 ] || sleep 60'),
  );
  const first = () => watch.events.filter((event) => event.object.metadata.name.endsWith('-0') && hasStarted(event));
  while (new Set(first().map(({ object }) => object.metadata.name)).size < 4) await sleep(50);
  const node = Number(first()[0].object.spec.nodeName.slice(-1));
  const begin = Date.now();
  await lab.cut(node);
  const again = () => watch.events.find((event) => event.object.metadata.name.endsWith('-1') && hasStarted(event));
  while (!again()) await sleep(50);
  const seconds = (again().at - begin) / 1000;
  await retry.ended;
  watch.close();
  await lab.heal(node);
  while ((await lab.readyNodes()).length < lab.nodes) await sleep(200);
  return seconds;
}

/** The processes that run executions of this home. */
const supervisors = () =>
  readdirSync('/proc').filter((pid) => {
    try {
      const ours = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`LOCALRUN_HOME=${home}\0`);
      return ours && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('localrun.js');
    } catch {
      // No process, or none any more.
      return false;
    }
  });

/** Seconds from the command after the kill until another process has taken the execution up. */
async function kills(times) {
  const first = localrun('jobs', 'run', 'killed', '--tasks', '200', '--parallelism', '4', ...shell('sleep 2'));
  const id = await execution(first);
  const log = path.join(home, 'workers', `${id}.log`);
  const seconds = [];
  for (let kill = 0; kill < times; kill++) {
    await sleep(1500 + Math.random() * 1500);
    for (const pid of supervisors()) process.kill(Number(pid), 'SIGKILL');
    const begin = Date.now();
    const next = localrun('jobs', 'executions', 'list');
    const taken = () => {
      try {
        const lines = readFileSync(log, 'utf8').split('\n');
        const times = lines.filter((line) => line.includes('Resuming ')).map((line) => Date.parse(line.split(' ')[0]));
        return times.find((time) => time > begin);
      } catch {
        return undefined;
      }
    };
    while (taken() === undefined) await sleep(20);
    seconds.push((taken() - begin) / 1000);
    await next.ended;
  }
  await secondsOf(localrun('jobs', 'executions', 'cancel', id, '--quiet'));
  while (supervisors().length > 0) await sleep(50);
  return seconds.toSorted((a, b) => a - b);
}

const two = (number) => number.toFixed(2).padStart(8);
console.log(
  `${tasks} tasks, ${values.rounds} rounds, ${lab.nodes} nodes, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} CPUs`,
);
console.log('       attempts/s  docker run/s   ratio  p95 start s  spread');
for (const parallelism of values.parallelism.split(',').map(Number)) {
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    rounds.push({ base: await xargs(parallelism), ours: await cluster(parallelism) });
  }
  const of = (measure) => two(median(rounds.map(measure)));
  console.log(
    `P=${String(parallelism).padEnd(4)}`,
    of(({ ours }) => ours.rate),
    of(({ base }) => base.rate).padStart(13),
    of(({ ours, base }) => ours.rate / base.rate),
    of(({ ours }) => ours.p95).padStart(12),
    of(({ ours }) => ours.spread),
  );
}
const cuts = [];
for (let i = 0; i < Number(values.cuts); i++) cuts.push(await cut());
if (cuts.length > 0)
  console.log(`from a cut to the retry's start, s: ${cuts.map((time) => time.toFixed(1)).join(', ')}`);
const resumed = await kills(Number(values.kills));
if (resumed.length > 0) {
  const [middle, worst] = [median(resumed), resumed.at(-1)].map((time) => time.toFixed(2));
  console.log(`from the command after kill -9 until it goes on, s: median ${middle}, worst ${worst}`);
}
console.log(`load ${os.loadavg()[0].toFixed(1)}`);
rmSync(home, { recursive: true });
