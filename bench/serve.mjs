// How many requests for a job over REST and over gRPC the server answers in a second of CPU time, as a ratio to a bare
// node:http server that answers a constant of the size of REST's answer. Both run as processes of their own, on connections that stay open; the rounds take
// turns. Needs a build, and Linux, where /proc has the CPU time of a process.
//
//   node bench/serve.mjs [ROUNDS] [SECONDS]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';

const job = 'projects/local-project/locations/us-central1/jobs/bench';

const [first, second] = process.argv.slice(2);
if (first === 'bare') serveConstant(Number(second));
else await compare(Number(first ?? 7), Number(second ?? 2));

function serveConstant(size) {
  const bytes = Buffer.alloc(size, 'x');
  const headers = { 'Content-Type': 'application/json; charset=UTF-8', 'Content-Length': size };
  const server = http.createServer((_, response) => response.writeHead(200, headers).end(bytes));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function compare(rounds, seconds) {
  const program = path.join(import.meta.dirname, '..', 'bin', 'localrun.js');
  const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-bench-'));
  const env = { ...process.env, LOCALRUN_HOME: home };
  const started = [];

  /** Starts a program that prints its port. */
  async function start(...args) {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(child);
    const [port] = await once(child.stdout, 'data');
    return { pid: child.pid, port: Number(String(port)) };
  }

  try {
    await once(spawn(process.execPath, [program, 'jobs', 'create', 'bench', '--image', 'example'], { env }), 'exit');
    const own = await start(program, 'serve', '--port', '0', '--ready-fd', '1');
    const { size } = await measure(own, seconds);
    const bare = await start(fileURLToPath(import.meta.url), 'bare', String(size));
    await measure(bare, seconds);
    await measureGrpc(own, seconds);
    const ratios = { rest: [], grpc: [] };
    for (let round = 0; round < rounds; round++) {
      const rest = (await measure(own, seconds)).perCpuSecond;
      const grpc = await measureGrpc(own, seconds);
      const to = (await measure(bare, seconds)).perCpuSecond;
      ratios.rest.push(rest / to);
      ratios.grpc.push(grpc / to);
      const [restCount, grpcCount, bareCount] = [rest, grpc, to].map((count) => count.toFixed(0));
      console.log(
        `${restCount} over REST and ${grpcCount} over gRPC of ${bareCount} requests in a second of CPU time, ${size} bytes each`,
      );
    }
    const median = (of) => of.toSorted((a, b) => a - b)[rounds >> 1].toFixed(2);
    console.log(`ratio over REST: ${median(ratios.rest)} (goal: at least 0.5), over gRPC: ${median(ratios.grpc)}`);
  } finally {
    for (const child of started) child.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

/** CPU time of a process in seconds. */
function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Has 16 connections ask a server for a while. */
async function measure({ pid, port }, seconds) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const options = {
    port,
    agent,
    host: '127.0.0.1',
    path: `/v2/${job}`,
  };
  const until = performance.now() + seconds * 1000;
  const before = cpuTime(pid);
  let count = 0;
  let size = 0;
  const client = async () => {
    while (performance.now() < until) {
      const [response] = await once(http.get(options), 'response');
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
      let bytes = 0;
      for await (const chunk of response) bytes += chunk.length;
      size = bytes;
      count++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  agent.destroy();
  return { perCpuSecond: count / (cpuTime(pid) - before), size };
}

/** The same over gRPC: 16 calls at a time on one connection. */
async function measureGrpc({ pid, port }, seconds) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const asIs = (bytes) => bytes;
  const request = Buffer.concat([Buffer.from([10, job.length]), Buffer.from(job)]);
  const ask = () =>
    new Promise((resolve, reject) => {
      const done = (error, answer) => (error ? reject(error) : resolve(answer));
      client.makeUnaryRequest('/google.cloud.run.v2.Jobs/GetJob', asIs, asIs, request, done);
    });
  const until = performance.now() + seconds * 1000;
  const before = cpuTime(pid);
  let count = 0;
  const caller = async () => {
    for (; performance.now() < until; count++) await ask();
  };
  await Promise.all(Array.from({ length: 16 }, caller));
  client.close();
  return count / (cpuTime(pid) - before);
}
