import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { docker } from '../support/client.js';
import { type Home, test } from '../support/home.js';

async function run(home: Home, args: readonly string[]): Promise<{ id: string; lines: string[]; stderr: string }> {
  const command = home.inline(['jobs', 'run', ...args]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  const id = await command.execution();
  return { id, lines: home.log(id), stderr };
}

/** A network as a compose project has it, with a database in it that answers on its port. */
function project(onTestFinished: (end: () => void) => void): { network: string } {
  const network = `localrun-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  docker('network', 'create', network);
  onTestFinished(() => void docker('network', 'rm', network));
  // One server for all: an `nc -l` per connection would reset those that it has not taken yet.
  const serve = 'nc -ll -p 5432 -e echo from the database';
  const container = docker(
    ...['run', '--detach', '--network', network, '--network-alias', 'db', 'localrun/busybox:latest', 'sh', '-c', serve],
  );
  onTestFinished(() => void docker('rm', '--force', container));
  return { network };
}

/** The kernel's table of routes: target and mask as numbers in memory, 0200 among the flags of one that leads nowhere. */
const linkLocalRejected = (lines: readonly string[]): boolean =>
  lines.some((line) => /^\S+\s+0000FEA9\s+00000000\s+02\d\d\s.*\s0000FFFF\s/.test(line));
const routes = 'cat /proc/net/route';

/** A server of this machine, where containers reach it; and its port. */
async function serverOutside(onTestFinished: (end: () => void) => void): Promise<number> {
  const gateway = docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');
  const server = createServer((_, response) => void response.end('hello from outside')).listen(0, gateway);
  onTestFinished(() => void server.close());
  return (await until(() => (server.address() as AddressInfo | null) ?? undefined)).port;
}

for (const mode of [[], ['--fresh-sandbox']]) {
  test.concurrent(
    `--join-network reaches what is in the network, and --host-access a server of this machine ${mode.join('')}`,
    async ({ home, onTestFinished }) => {
      const { network } = project(onTestFinished);
      const port = await serverOutside(onTestFinished);
      const script = `until nc db 5432; do sleep 0.1; done
        wget -q -O - http://host.docker.internal:${port}/; echo; ${routes}`;
      const flags = ['--join-network', network, '--host-access', ...mode];
      const { id, lines, stderr } = await run(home, ['-f', home.script('joined', script, { taskCount: 2 }), ...flags]);
      expect(lines.slice(0, 2)).toEqual(['from the database', 'hello from outside']);
      expect(linkLocalRejected(lines), lines.join('\n')).toBe(mode.length === 0);
      expect(stderr).toContain(`network: ${network}`);
      expect(stderr).toContain('host access: host.docker.internal');
      const { stdout } = await home.run(['jobs', 'executions', 'describe', id]);
      expect(stdout).toMatch(new RegExp(`\\nLocal:\\n(  .*\\n)*  Network: +${network}\\n`));
      expect(stdout).toMatch(/\nLocal:\n(  .*\n)*  Host access: +host\.docker\.internal\n/);
    },
  );
}

test.concurrent('without them, a task reaches neither, nor link-local addresses', async ({ home, onTestFinished }) => {
  project(onTestFinished);
  const script = `nc db 5432 2>/dev/null </dev/null; echo $?
    grep -c host.docker.internal /etc/hosts; ping -c 1 host.docker.internal 2>&1 | grep -c "bad address"; ${routes}`;
  const { id, lines, stderr } = await run(home, ['-f', home.script('apart', script)]);
  expect(lines.slice(0, 3)).toEqual(['1', '0', '1']);
  expect(linkLocalRejected(lines), lines.join('\n')).toBe(true);
  expect(stderr).not.toContain('Local settings');
  expect((await home.run(['jobs', 'executions', 'describe', id])).stdout).not.toContain('Local:');
});

test.concurrent.for([
  ['compose-default', /has no network \[compose-default\].*\n.*networks are .*bridge/],
  ['brigde', /has no network \[brigde\].*\n.*Did you mean bridge\?/],
  // The machine's own, which is no sandbox.
  ['host', /has no network \[host\]/],
  ['container:x', /has no network \[container:x\]/],
] as const)('--join-network %s is refused before anything runs', async ([network, message], { home }) => {
  const file = home.script('refused', 'true');
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file, '--join-network', network]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(message);
  expect(await home.executions()).toEqual([]);
  expect((await home.run(['jobs', 'describe', 'refused'])).exitCode).toBe(1);
});

test.concurrent.for([
  ['with a metadata server', ['--metadata'], true],
  ['with a metadata server in fresh sandboxes', ['--metadata', '--fresh-sandbox'], true],
  // Nobody is there who could set the route.
  ['in fresh sandboxes without a holder', ['--fresh-sandbox'], false],
] as const)('whether link-local addresses are out of reach %s', async ([, flags, rejected], { home }) => {
  const { lines } = await run(home, ['-f', home.script('routes', routes), ...flags]);
  expect(linkLocalRejected(lines), lines.join('\n')).toBe(rejected);
});

test.concurrent('a GPU that the engine does not have is refused before the first attempt', async ({ home }) => {
  const runtimes = docker('info', '--format', '{{json .Runtimes}}');
  expect(runtimes).not.toContain('nvidia');
  const events = home.events();
  const file = home.template('gpu', {
    nodeSelector: { accelerator: 'nvidia-l4' },
    gpuZonalRedundancyDisabled: true,
    containers: [{ resources: { limits: { cpu: '4', memory: '16Gi', 'nvidia.com/gpu': '1' } } }],
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Job [gpu] cannot run on this machine:');
  expect(stderr).toMatch(/gpu\.json:1:\d+: \S+limits\["nvidia\.com\/gpu"\]: the container engine has no GPU/);
  expect(await home.executions()).toEqual([]);
  expect(events.all()).toEqual([]);
});
