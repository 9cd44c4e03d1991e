// Where the CPU time of one short task goes: in the container engine, in containerd and its shims, in runc, in docker's
// clients, in localrun. The same for `xargs -P P docker run --rm`, and for the floor: the Engine API over its socket, from
// this process, with the same sandboxes, limits and log driver and nothing recorded. All three take turns in each round.
// Prints medians with the quartiles of the rates' ratios to xargs, so that a change can be told from noise. Needs Linux,
// root, a build, and Debian's `acct`: the kernel writes a record for each process that ends.
//
//   node bench/profile.mjs [--rounds 9] [--tasks 64] [--parallelism 2,4,8]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeTestImage } from '../scripts/images.mjs';
import { root } from '../scripts/packages.mjs';
import { build } from '../scripts/setup.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    tasks: { type: 'string', default: '64' },
    parallelism: { type: 'string', default: '2,4,8' },
  },
});
const image = 'localrun/busybox:latest';
const tasks = Number(values.tasks);

build();
makeTestImage();
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const records = path.join(home, 'processes');
writeFileSync(records, '');
execFileSync('accton', [records]);

/** Whose CPU time a process counts as, by its name. */
const groups = [
  ['localrun', /^(node|MainThread)$/],
  ['clients', /^docker$/],
  // dockerd executes itself anew for network namespaces.
  ['engine', /^(dockerd|exe|docker-proxy|libnetwork-setk|set-ipv6)/],
  ['containerd', /^containerd$/],
  ['shims', /^containerd-shim/],
  ['runc', /^(runc|docker-runc)/],
];
const groupOf = (name) => groups.find(([, pattern]) => pattern.test(name))?.[0] ?? 'others';

/** A number of acct(5): 13 bits and 3 bits of an exponent of 8, in hundredths of a second. */
const ticks = (value) => (value & 0x1fff) * 8 ** (value >> 13);

/** CPU milliseconds of the processes that have ended since `offset`, by group. */
function ended(offset) {
  const bytes = readFileSync(records).subarray(offset);
  const found = {};
  // struct acct_v3: times at 32 and 34, the name in the last 16 of 64 bytes.
  for (let at = 0; at + 64 <= bytes.length; at += 64) {
    const name = bytes.toString('latin1', at + 48, at + 64).replace(/\0.*$/s, '');
    const group = groupOf(name);
    found[group] = (found[group] ?? 0) + (ticks(bytes.readUInt16LE(at + 32)) + ticks(bytes.readUInt16LE(at + 34))) * 10;
  }
  return found;
}

/** CPU milliseconds so far of the processes that go on: dockerd, containerd and this one. */
function running() {
  const found = {};
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (!/^(dockerd|containerd)$/.test(name)) continue;
      const group = groupOf(name);
      found[group] = (found[group] ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** Runs something, and returns tasks a second, and the CPU milliseconds a task by group. */
async function measure(work) {
  const [offset, before] = [statSync(records).size, running()];
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  // Shims end a moment after their containers.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const after = running();
  const cpu = ended(offset);
  for (const [group, time] of Object.entries(after)) cpu[group] = (cpu[group] ?? 0) + time - (before[group] ?? 0);
  return {
    rate: tasks / seconds,
    cpu: Object.fromEntries(Object.entries(cpu).map(([group, ms]) => [group, ms / tasks])),
  };
}

async function run(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} has failed:\n${said}`);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** A request to the engine. `begun` resolves with the headers of its answer. */
function ask(method, url, body) {
  const payload = body && JSON.stringify(body);
  const headers = payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {};
  const request = http.request({ socketPath: '/var/run/docker.sock', agent, method, path: url, headers });
  request.end(payload);
  const begun = once(request, 'response').then(([response]) => response);
  const answer = begun.then(async (response) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    if (response.statusCode >= 400) throw new Error(`${method} ${url}: ${text}`);
    return text && JSON.parse(text);
  });
  answer.catch(() => {});
  return { begun, answer };
}

/** As localrun runs a task: limits, an init process, a log that keeps every byte, the network of its slot. */
async function runTask(slot) {
  const memory = 512 * 2 ** 20;
  const { Id } = await ask('POST', '/containers/create', {
    ...{ Image: image, Cmd: ['true'] },
    HostConfig: {
      ...{ NetworkMode: `container:${slot}`, Init: true, Memory: memory, MemorySwap: memory, NanoCpus: 1e9 },
      LogConfig: { Type: 'local', Config: { 'max-size': '1t', 'max-file': '1', compress: 'false' } },
    },
  }).answer;
  const waiting = ask('POST', `/containers/${Id}/wait?condition=next-exit`);
  await waiting.begun;
  await ask('POST', `/containers/${Id}/start`).answer;
  const { StatusCode } = await waiting.answer;
  if (StatusCode !== 0) throw new Error(`The task ended with ${StatusCode}`);
  await ask('DELETE', `/containers/${Id}`).answer;
}

async function floor(parallelism) {
  let next = 0;
  const slot = async () => {
    const { Id } = await ask('POST', '/containers/create', { Image: image, Cmd: ['sleep', '1000'] }).answer;
    await ask('POST', `/containers/${Id}/start`).answer;
    try {
      while (next++ < tasks) await runTask(Id);
    } finally {
      await ask('DELETE', `/containers/${Id}?force=1`).answer;
    }
  };
  await Promise.all(Array.from({ length: parallelism }, slot));
}

const contestants = {
  floor,
  xargs(parallelism) {
    const limits = '--memory 512m --memory-swap 512m --cpus 1';
    const script = `seq ${tasks} | xargs -P ${parallelism} -I{} docker run --rm ${limits} ${image} true`;
    return run('bash', ['-c', script]);
  },
  localrun(parallelism) {
    const job = { image, command: 'true', tasks, parallelism };
    const flags = Object.entries(job).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const args = [path.join(root, 'bin', 'localrun.js'), 'jobs', 'run', 'bench', ...flags];
    return run(process.execPath, args, { LOCALRUN_HOME: home, CI: '1' });
  },
};

const quantile = (numbers, q) => numbers.toSorted((a, b) => a - b)[Math.round((numbers.length - 1) * q)] ?? 0;
const cell = (number, digits) => number.toFixed(digits).padStart(10);

try {
  const names = [...groups.map(([name]) => name), 'others'];
  console.log(
    `${tasks} tasks, ${values.rounds} rounds, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} CPUs`,
  );
  console.log(
    `${' '.repeat(13)}${['tasks/s', 'to xargs', ...names, 'sum'].map((name) => name.padStart(10)).join('')}   quartiles of the ratio`,
  );
  console.log(`${' '.repeat(13)}${' '.repeat(20)}${'CPU ms a task'.padStart(13)}`);
  for (const parallelism of values.parallelism.split(',').map(Number)) {
    const rounds = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const result = {};
      for (const [name, work] of Object.entries(contestants)) result[name] = await measure(() => work(parallelism));
      rounds.push(result);
    }
    for (const name of Object.keys(contestants)) {
      const rates = rounds.map((round) => round[name].rate);
      const ratios = rounds.map((round) => round[name].rate / round.xargs.rate);
      const cpu = names.map((group) =>
        quantile(
          rounds.map((round) => round[name].cpu[group] ?? 0),
          0.5,
        ),
      );
      const sum = cpu.reduce((a, b) => a + b, 0);
      const shown = [
        cell(quantile(rates, 0.5), 2),
        cell(quantile(ratios, 0.5), 2),
        ...[...cpu, sum].map((ms) => cell(ms, 1)),
      ];
      const [low, high] = [0.25, 0.75].map((q) => quantile(ratios, q).toFixed(2));
      console.log(`P=${String(parallelism).padEnd(2)} ${name.padEnd(8)}${shown.join('')}   ${low} to ${high}`);
    }
  }
} finally {
  execFileSync('accton', ['off']);
  agent.destroy();
  rmSync(home, { recursive: true });
}
