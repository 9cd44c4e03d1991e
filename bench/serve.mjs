// How many requests for a job over REST the server answers in a second of CPU time, as a ratio to a bare node:http server
// that answers a constant of that size. Both run as processes of their own, on connections that stay open; the rounds take
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
    const ratios = [];
    for (let round = 0; round < rounds; round++) {
      const [of, to] = [(await measure(own, seconds)).perCpuSecond, (await measure(bare, seconds)).perCpuSecond];
      ratios.push(of / to);
      console.log(`${of.toFixed(0)} of ${to.toFixed(0)} requests in a second of CPU time, ${size} bytes each`);
    }
    console.log(`ratio: ${ratios.toSorted((a, b) => a - b)[rounds >> 1].toFixed(2)} (goal: at least 0.5)`);
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
    path: '/v2/projects/local-project/locations/us-central1/jobs/bench',
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
