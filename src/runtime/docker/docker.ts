import DataLoader from 'dataloader';
import { RunError } from '../../model/errors.js';
import {
  type Capacity,
  type ContainerRuntime,
  type ContainerSpec,
  type Image,
  ImageUnavailable,
  type SandboxSpec,
  StartRefused,
} from '../runtime.js';
import { diskVolumeArguments, memoryVolumeArguments, runArguments, sandboxArguments } from './arguments.js';
import { DockerClient } from './client.js';
import { relayed } from './sandbox/relay.js';
import { appendMissed, missedSince } from './missed-logs.js';
import { type SandboxImage, sandboxImage } from './sandbox/image.js';
import { parseState } from './state.js';

/** How long a call waits for others to share one docker process with, in ms, and how many containers one takes. */
const batchWindow = 30;
const batchSize = 50;

/** How often, and after how many ms each time, it is tried to remove a volume that is in use. */
const volumePatience = 100;
const volumeInterval = 100;

/**
 * The runtime over the docker command line, or one that behaves like it. Contexts and DOCKER_HOST are the client's
 * own business.
 */
export function dockerRuntime(command: string, environment: Record<string, string | undefined>): ContainerRuntime {
  const client = new DockerClient(command, environment);

  const failed = (what: string, stderr: string): RunError =>
    new RunError('INTERNAL', `${command} ${what} failed: ${stderr.trim() || 'no reason given'}`);

  /** One process for all names that come in at nearly the same time. */
  const batched = <T>(work: (names: readonly string[]) => Promise<T[]>): DataLoader<string, T> =>
    new DataLoader(work, {
      cache: false,
      maxBatchSize: batchSize,
      batchScheduleFn: (dispatch) => setTimeout(dispatch, batchWindow),
    });

  /** What the engine says of containers; undefined for those that it does not have. */
  const inspector = <T>(args: readonly string[], parse: (line: string) => [name: string, of: T]) =>
    batched(async (names) => {
      const { stdout, stderr, exitCode } = await client.run(['container', 'inspect', ...args, ...names]);
      const found = new Map(stdout.split('\n').filter(Boolean).map(parse));
      if (exitCode !== 0 && !/no such (container|object)/i.test(stderr)) throw failed('inspect', stderr);
      return names.map((name) => found.get(name));
    });
  const inspections = inspector(['--format', '{{.Name}} {{json .State}}'], parseState);
  const sizes = inspector(['--size', '--format', '{{.Name}} {{.SizeRw}}'], (line) => {
    const [name = '', size] = line.split(' ');
    return [name.replace(/^\//, ''), Number(size)];
  });

  /** A command over many containers, for which it is no error that one is gone or has ended. */
  const forAll = (args: readonly string[]): DataLoader<string, true> =>
    batched(async (names) => {
      const { stderr, exitCode } = await client.run([...args, ...names]);
      const serious = stderr
        .split('\n')
        .filter((line) => line && !/no such container|is not running|already in progress|has already been/i.test(line));
      if (exitCode !== 0 && serious.length > 0) throw failed(args.join(' '), serious.join('\n'));
      return names.map(() => true);
    });
  const removals = forAll(['rm', '--force', '--volumes']);
  /** Whether each volume is gone; if not, a container uses it. */
  const volumeRemovals = batched(async (names) => {
    const { stderr, exitCode } = await client.run(['volume', 'rm', '--force', ...names]);
    const lines = stderr.split('\n').filter(Boolean);
    const used = lines.filter((line) => /\b(?:in use|being used)\b/.test(line));
    if (exitCode !== 0 && used.length < lines.length) throw failed('volume rm', stderr);
    return names.map((name) => !used.some((line) => line.includes(name)));
  });
  const kills = forAll(['kill', '--signal', 'KILL']);
  const stops = new Map<number, DataLoader<string, true>>();

  /** The names that a command lists of what has these labels. */
  const listed = async (args: readonly string[], labels: Record<string, string>): Promise<string[]> => {
    const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`]);
    const { stdout, stderr, exitCode } = await client.run([...args, ...filters]);
    if (exitCode !== 0) throw failed(args.join(' '), stderr);
    return stdout.split('\n').filter(Boolean);
  };

  let foundSandboxImage: Promise<SandboxImage> | undefined;
  /** Looked for once; again after a failure. */
  const sandbox = (): Promise<SandboxImage> =>
    (foundSandboxImage ??= sandboxImage(client).catch((error: unknown) => {
      foundSandboxImage = undefined;
      throw error;
    }));

  let knownCapacity: Promise<Capacity> | undefined;
  const capacity = (): Promise<Capacity> =>
    (knownCapacity ??= readCapacity().catch((error: unknown) => {
      knownCapacity = undefined;
      throw error;
    }));
  const readCapacity = async (): Promise<Capacity> => {
    const { stdout, stderr, exitCode } = await client.run(['info', '--format', '{{json .}}']);
    const { NCPU, MemTotal, Runtimes } = exitCode === 0 ? (JSON.parse(stdout) as Info) : {};
    if (!NCPU || !MemTotal) throw failed('info', stderr);
    return { cpus: NCPU, memoryBytes: MemTotal, gpus: Runtimes?.['nvidia'] !== undefined };
  };

  const localImage = async (reference: string): Promise<Image | undefined> => {
    const { stdout, stderr, exitCode } = await client.run([
      ...['image', 'inspect', '--format', '{{.Id}} {{.Os}}/{{.Architecture}} {{json .RepoDigests}}'],
      reference,
    ]);
    if (exitCode !== 0) {
      if (/no such image|image not known/i.test(stderr)) return undefined;
      throw failed('image inspect', stderr);
    }
    const [, id = '', platform = '', digests = '[]'] = /^(\S+) (\S+) (.*)$/m.exec(stdout) ?? [];
    return { id, platform, digest: (JSON.parse(digests) as string[] | null)?.[0] };
  };

  const openSandbox = async (spec: SandboxSpec): Promise<void> => {
    const { reference } = await sandbox();
    const { stderr, exitCode } = await client.run(sandboxArguments(spec, reference));
    if (exitCode === 0) return;
    if (!/is already in use/i.test(stderr)) throw new StartRefused(refusal(stderr));
    const state = await inspections.load(spec.name);
    if (state?.status === 'running') return;
    await removals.load(spec.name);
    await openSandbox(spec);
  };

  return {
    localImage,

    capacity,

    async networks() {
      const { stdout, stderr, exitCode } = await client.run(['network', 'ls', '--format', '{{.Driver}} {{.Name}}']);
      if (exitCode !== 0) throw failed('network ls', stderr);
      const lines = stdout.split('\n').filter((line) => line && !line.startsWith('host '));
      return lines.map((line) => line.slice(line.indexOf(' ') + 1));
    },

    async pullImage(reference, platform, signal) {
      const only = platform === undefined ? [] : ['--platform', platform];
      const { stderr, exitCode } = await client.run(['pull', '--quiet', ...only, reference], { signal });
      if (exitCode !== 0) {
        const detail = stderr.trim().replace(/^Error response from daemon: /, '');
        const denied = /unauthorized|no basic auth|forbidden|authentication required/i.test(detail);
        throw new ImageUnavailable(denied ? 'denied' : 'missing', detail);
      }
      const image = await localImage(reference);
      if (!image) throw new ImageUnavailable('missing', 'the engine has pulled it and does not know it');
      return image;
    },

    async start(spec: ContainerSpec) {
      const { args, ...given } = runArguments(spec, await sandbox());
      const { stderr, exitCode } = await client.run(args, given).catch((error: unknown) => {
        if (!(error instanceof RunError) || error.code !== 'INVALID_ARGUMENT') throw error;
        throw new StartRefused(error.message);
      });
      if (exitCode === 0) return 'started';
      if (/is already in use/i.test(stderr)) return 'exists';
      if ('sandbox' in spec.network && homeless.test(stderr)) {
        await removals.load(spec.name);
        return 'homeless';
      }
      if (exitCode === 126 || exitCode === 127) return 'failed';
      throw new StartRefused(refusal(stderr));
    },

    openSandbox,

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

    async follow(name, stdout, stderr) {
      const { exitCode } = await client.runTo(['logs', '--follow', '--timestamps', name], stdout, stderr);
      return exitCode === 0;
    },

    async completeLogs(name, stdout, stderr) {
      if (!(await sandbox()).losesLines) return;
      const since = missedSince([stdout, stderr]);
      const recent = since === undefined ? [] : ['--since', since];
      const { exitCode, ...written } = await client.run(['logs', '--timestamps', ...recent, name]);
      if (exitCode !== 0) return;
      appendMissed(stdout, written.stdout);
      appendMissed(stderr, written.stderr);
    },

    inspect: (name) => inspections.load(name),

    async stop(name, graceSeconds) {
      let loader = stops.get(graceSeconds);
      if (!loader) stops.set(graceSeconds, (loader = forAll(['stop', '--time', String(graceSeconds)])));
      await loader.load(name);
    },

    async kill(name) {
      await kills.load(name);
    },

    written: (name) => sizes.load(name),

    async limitMemory(name, bytes) {
      const limit = String(bytes);
      const { stderr, exitCode } = await client.run(['update', '--memory', limit, '--memory-swap', limit, name]);
      return exitCode === 0 || !/unable to set memory limit|device or resource busy/i.test(stderr);
    },

    async remove(name) {
      await removals.load(name);
    },

    list: (labels) => listed(['ps', '--all', '--format', '{{.Names}}'], labels),

    async createVolume(spec) {
      const { memoryBytes } = spec;
      const make =
        memoryBytes === undefined
          ? diskVolumeArguments(spec, (await sandbox()).reference)
          : memoryVolumeArguments(spec, memoryBytes);
      const { stdout, stderr, exitCode } = await client.run(make);
      if (exitCode !== 0) throw new StartRefused(refusal(stderr));
      if (memoryBytes === undefined) await removals.load(stdout.trim());
    },

    async removeVolume(name) {
      // A container that is being removed, which some other process may do, still uses it.
      for (let tries = volumePatience; !(await volumeRemovals.load(name)); tries--) {
        if (tries === 0) throw failed('volume rm', `${name} is in use`);
        await new Promise((resolve) => setTimeout(resolve, volumeInterval));
      }
    },

    listVolumes: (labels) => listed(['volume', 'ls', '--format', '{{.Name}}'], labels),
  };
}

/** What the engine says when something is to happen in a network namespace whose holder has ended or is not there. */
const homeless = /cannot join network of a non running container|no such container|container \S+ is not running/i;

const refusal = (stderr: string): string =>
  (stderr.split('\n').find((line) => line.trim()) ?? '')
    .replace(/^docker: /, '')
    .replace(/^Error response from daemon: /, '');

interface Info {
  NCPU?: number;
  MemTotal?: number;
  Runtimes?: Record<string, unknown>;
}
