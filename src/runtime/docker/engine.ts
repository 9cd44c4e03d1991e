import { StartRefused } from '../port.js';
import { sandboxArguments } from './arguments.js';
import { Cgroups } from './cgroups.js';
import { DockerClient } from './client.js';
import type { EngineApi, SandboxSpec } from './engine-api.js';
import { Containers } from './containers.js';
import { dockerImages } from './images.js';
import { readInfo } from './info.js';
import { parsePorts } from './state.js';
import { homeless, Launcher, refusal, taken } from './launcher.js';
import { EngineLog } from './output.js';
import { PodmanLog } from './podman-log.js';
import { dockerShells } from './shells.js';
import { sandboxImage } from './sandbox/image.js';
import { relayed } from './sandbox/relay.js';
import { Starts } from './starts.js';
import type { Strays } from './strays.js';
import { dockerVolumes } from './volumes.js';

/** How often, and after how many ms, to retry a sandbox that the engine has refused. */
const reopenings = 4;
const interval = 500;

/**
 * A container engine used through the docker command line, or one that behaves like it. Contexts and DOCKER_HOST are
 * the client's own business.
 * @param patience how long a short call of the client may be silent, in ms
 */
export function dockerEngine(
  command: string,
  environment: Record<string, string | undefined>,
  patience?: number,
  strays?: Strays,
): EngineApi {
  const client = new DockerClient(command, { ...environment, ...strays?.environment }, patience);
  // Without the mark of this process: who resumes an execution ends no shells in it.
  const unmarked = new DockerClient(command, environment, patience);
  const containers = new Containers(client);
  const starts = new Starts(client);
  const cgroups = new Cgroups();
  const over = new AbortController();
  const info = once(async () => {
    const found = await readInfo(client, over.signal);
    for (const each of [client, unmarked]) if (found.engine.context) each.keepTo(found.engine.context);
    return found;
  });
  const sandbox = once(() => sandboxImage(client, async () => (await info()).architecture));
  const traits = async () => ({ ...(await sandbox()), podman: (await info()).podman });
  const launcher = new Launcher(client, containers, starts, cgroups, traits);

  const openSandbox = async (spec: SandboxSpec, refusals = 0): Promise<void> => {
    const { reference, podman } = await traits();
    const { stdout, stderr, exitCode } = await client.run(sandboxArguments(spec, reference, podman));
    if (exitCode === 0) return cgroups.witness(stdout.trim());
    const exists = taken.test(stderr);
    if (exists && (await containers.inspect(spec.name))?.status === 'running') {
      return cgroups.witness(await containers.idOf(spec.name));
    }
    if (refusals === reopenings) throw new StartRefused(refusal(stderr));
    // An engine that is stopping or starting refuses for temporary reasons.
    if (!exists) await new Promise((resolve) => setTimeout(resolve, interval));
    await containers.remove(spec.name);
    await openSandbox(spec, refusals + 1);
  };

  return {
    ...dockerImages(client),
    ...dockerShells(unmarked, async () => (await info()).architecture),
    ...dockerVolumes(client, containers, traits),

    engine: async () => (await info()).engine,

    capacity() {
      // The caller is about to need the image; a failure shows then.
      sandbox().catch(() => {});
      return info();
    },

    async networks() {
      const { stdout, stderr, exitCode } = await client.run(['network', 'ls', '--format', '{{.Driver}} {{.Name}}']);
      if (exitCode !== 0) throw client.failure('network ls', stderr);
      const lines = stdout.split('\n').filter((line) => line && !line.startsWith('host '));
      return lines.map((line) => line.slice(line.indexOf(' ') + 1));
    },

    start: (spec, output) => launcher.start(spec, output),
    openSandbox: (spec) => openSandbox(spec),

    async ports(name) {
      const { stdout, stderr, exitCode } = await client.run(['port', name]);
      if (exitCode !== 0 && !homeless.test(stderr)) throw client.failure('port', stderr);
      return parsePorts(stdout);
    },

    async dial(name, port) {
      const stream = await client.stream(['exec', '--interactive', name, '/sandbox', 'dial', String(port)]);
      return typeof stream !== 'string' ? stream : homeless.test(stream) ? 'homeless' : 'refused';
    },

    async listen(name, port, onConnection) {
      const channel = await client.stream(['exec', '--interactive', name, '/sandbox', 'relay', String(port)]);
      if (typeof channel === 'string') return homeless.test(channel) ? 'homeless' : 'refused';
      relayed(channel, onConnection);
      const ended = new Promise<void>((resolve) => channel.once('close', resolve));
      return { ended, close: () => void channel.destroy() };
    },

    async follow(name, output) {
      const Log = (await info()).podman ? PodmanLog : EngineLog;
      const logs = {
        stdout: new Log((data) => output.write('stdout', data)),
        stderr: new Log((data) => output.write('stderr', data)),
      };
      const take = {
        stdout: (chunk: Buffer) => logs.stdout.push(chunk),
        stderr: (chunk: Buffer) => logs.stderr.push(chunk),
      };
      const read = (...how: string[]): Promise<number> =>
        client.attach(['logs', ...how, '--timestamps', name], {}, take);
      if ((await read('--follow')) !== 0) return false;
      if (output.failure) return true;
      // Docker 20.10 often misses the last lines when it follows a log to its end (5 of 155 containers).
      for (const log of [logs.stdout, logs.stderr]) log.again();
      const exitCode = await read();
      for (const log of [logs.stdout, logs.stderr]) log.end();
      return exitCode === 0;
    },

    inspect: (name, patient) => containers.inspect(name, patient),
    stop: (name, graceSeconds) => containers.stop(name, graceSeconds),
    kill: (name) => containers.kill(name),
    written: (name) => containers.written(name),
    limitMemory: (name, bytes) => containers.limitMemory(name, bytes),
    usage: (name) => cgroups.usage(name),
    wasOutOfMemory: (name, ran) => containers.wasOutOfMemory(name, ran),
    async forgetUsage(prefix) {
      await Promise.all(cgroups.list(prefix).map((name) => cgroups.remove(name)));
    },
    async remove(name, patient) {
      await containers.remove(name, patient);
      await cgroups.remove(name);
    },
    async removeAll(names) {
      await containers.removeAll(names, (await info()).podman);
      await Promise.all(names.map((name) => cgroups.remove(name)));
    },
    list: (labels) => containers.list(labels),

    async endStrays(names) {
      const started = ['running', 'exited'];
      await strays?.end(names, async (name) => started.includes((await containers.inspect(name))?.status ?? ''));
    },

    get slowest() {
      return client.slowest;
    },
    close() {
      over.abort();
      starts.close();
      client.close();
    },
  };
}

/** Creates something once, and again after a failure. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
