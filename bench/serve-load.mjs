// The server under load: 64 clients, half of them over REST and half over gRPC, each with a connection of its own, ask for
// a job and list its executions and tasks once a second, while executions of the job run one after the other. Prints the
// p99 of jobs.get as a ratio to the median of one such client while nothing runs, errors, and the server's memory over
// time. Eight more clients ask a bare node:http server, a process of its own that answers a constant: what the machine
// leaves to any server while tasks run. Needs a build, a container engine and the image localrun/busybox (`npm test -- test/unit` makes it).
//
//   node bench/serve-load.mjs [MINUTES] [TASKS] [SECONDS of each task]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';

const [minutes = 2, tasks = 500, seconds = 0] = process.argv.slice(2).map(Number);
const clients = 64;
const pace = 1000;
const parent = 'projects/local-project/locations/us-central1';
const job = `${parent}/jobs/load`;
const program = path.join(import.meta.dirname, '..', 'bin', 'localrun.js');
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
const env = { ...process.env, LOCALRUN_HOME: home };
const spec = path.join(home, 'load.yaml');
writeFileSync(
  spec,
  JSON.stringify({
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Job',
    metadata: { name: 'load' },
    spec: {
      template: {
        spec: {
          taskCount: tasks,
          parallelism: 4,
          template: {
            spec: { containers: [{ image: 'localrun/busybox:latest', command: ['sleep', String(seconds)] }] },
          },
        },
      },
    },
  }),
);

/** A client over REST. */
function rest(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (method, name) => {
    const request = http.request({ host: '127.0.0.1', port, agent, method, path: `/v2/${name}` }).end();
    const [response] = await once(request, 'response');
    const parts = [];
    for await (const part of response) parts.push(part);
    if (response.statusCode !== 200) throw new Error(`${method} ${name}: ${response.statusCode}`);
    return JSON.parse(String(Buffer.concat(parts)));
  };
  return {
    get: () => send('GET', job),
    list: async () => {
      const { executions = [] } = await send('GET', `${job}/executions?pageSize=10`);
      if (executions[0]) await send('GET', `${executions[0].name}/tasks?pageSize=10`);
    },
    run: () => send('POST', `${job}:run`),
    operation: (name) => send('GET', name),
    close: () => agent.destroy(),
  };
}

/** A client over gRPC. Each field that it sends is the first of its message: the name, or the parent. */
function grpc(port) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const asIs = (bytes) => bytes;
  const call = (service, method, name) =>
    new Promise((resolve, reject) => {
      const request = Buffer.concat([Buffer.from([10, name.length]), Buffer.from(name)]);
      const done = (error, answer) => (error ? reject(error) : resolve(answer));
      client.makeUnaryRequest(`/google.cloud.run.v2.${service}/${method}`, asIs, asIs, request, done);
    });
  return {
    get: () => call('Jobs', 'GetJob', job),
    list: () => call('Executions', 'ListExecutions', job),
    close: () => client.close(),
  };
}

const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)];

/** Has a client ask until `over`; returns how long each get took, in ms. */
async function poll(client, over, errors) {
  const times = [];
  await sleep(Math.random() * pace);
  while (!over()) {
    try {
      const since = performance.now();
      await client.get();
      times.push(performance.now() - since);
      await client.list();
    } catch (error) {
      errors.push(error.message);
    }
    await sleep(pace);
  }
  client.close();
  return times;
}

/** A client of the bare server. */
function bare(port) {
  const client = rest(port);
  return { ...client, list: async () => {} };
}

const constant = `require('node:http')
  .createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"answer":"constant"}'))
  .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

let server;
let control;
try {
  await once(spawn(process.execPath, [program, 'jobs', 'replace', spec], { env }), 'exit');
  server = spawn(process.execPath, [program, 'serve', '--port', '0', '--ready-fd', '1'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  control = spawn(process.execPath, ['-e', constant], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port, barePort] = await Promise.all(
    [server, control].map(async ({ stdout }) => Number(String((await once(stdout, 'data'))[0]))),
  );
  const kinds = { rest: [rest, port, clients / 2], grpc: [grpc, port, clients / 2], bare: [bare, barePort, 8] };
  const errors = [];
  const idle = {};
  for (const [name, [open, at]] of Object.entries(kinds)) {
    const until = performance.now() + 20_000;
    idle[name] = quantile(await poll(open(at), () => performance.now() > until, errors), 0.5);
  }
  const until = performance.now() + minutes * 60_000;
  const over = () => performance.now() > until;
  const memory = [];
  const work = async () => {
    const client = rest(port);
    let executions = 0;
    for (; !over(); executions++) {
      let operation = await client.run();
      while (!operation.done) {
        await sleep(pace);
        operation = await client.operation(operation.name);
        memory.push(rss(server.pid));
      }
    }
    client.close();
    return executions;
  };
  const all = async ([name, [open, at, count]]) => {
    const times = await Promise.all(Array.from({ length: count }, () => poll(open(at), over, errors)));
    return [name, times.flat()];
  };
  const [executions, ...measured] = await Promise.all([work(), ...Object.entries(kinds).map(all)]);
  console.log(`${executions} executions of ${tasks} tasks of ${seconds} s, ${clients} clients, ${minutes} minutes`);
  for (const [name, times] of measured) {
    const [median, p99] = [0.5, 0.99].map((q) => quantile(times, q));
    const ratio = (p99 / idle[name]).toFixed(1);
    console.log(
      `${name}: ${times.length} gets, idle median ${idle[name].toFixed(1)} ms, under load ${median.toFixed(1)}, p99 ${p99.toFixed(1)}: ${ratio} of the idle median`,
    );
  }
  console.log(`errors: ${errors.length}${errors.length > 0 ? `, the first: ${errors[0]}` : ''}`);
  const third = Math.floor(memory.length / 3);
  const [early, late] = [memory.slice(0, third), memory.slice(-third)].map((part) => quantile(part, 0.5).toFixed(0));
  console.log(
    `memory of the server: ${early} MiB in the first third, ${late} in the last, ${Math.max(...memory).toFixed(0)} at most`,
  );
} finally {
  control?.kill();
  server?.kill();
  if (server) await once(server, 'exit');
  rmSync(home, { recursive: true, force: true });
}
