import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemIo } from '../../src/cli/io.js';
import { DockerRuntime } from '../../src/runtime/docker/attempts/runtime.js';
import { dockerEngine } from '../../src/runtime/docker/engine.js';
import { Strays } from '../../src/runtime/docker/strays.js';
import { KubernetesRuntime } from '../../src/runtime/kubernetes/runtime.js';
import type { AttemptRuntime } from '../../src/runtime/port.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { type Behaviour, FakeRuntime } from '../support/fake-runtime.js';
import { type Program, programs } from './programs.js';

/** A runtime under test. */
export interface Subject {
  /** Contains `sh` and the programs of busybox. */
  image: string;
  /** Opens the runtime as a process does that works on a state directory. */
  open(home: string): AttemptRuntime;
  /** The same, with a switch that makes it unavailable. `directory` is for files of the test. */
  openWithOutage(home: string, directory: string): Promise<Outage>;
  /** Its attempts do not outlive this process: a dead supervisor is one that gets no more answers. */
  inProcess?: true;
  /** Why cases are skipped, besides those that need what its capabilities lack. */
  without: Partial<Record<Lack, string>>;
}

/**
 * `images`: it does not know which images there are before an attempt uses one. `streams`: stderr is in stdout. `bytes`:
 * bytes that are not UTF-8 become U+FFFD. `exits`: the exit code of a container that it stopped may be unknown.
 * `sigkill`: SIGTERM comes before SIGKILL.
 */
type Lack = 'oom' | 'outage' | 'images' | 'streams' | 'bytes' | 'exits' | 'sigkill';

export interface Outage {
  runtime: AttemptRuntime;
  cut(): void;
  mend(): Promise<void>;
}

const { processes } = systemIo();

const containerEngine = (client: string, home: string, env: Record<string, string> = {}): AttemptRuntime =>
  new DockerRuntime(
    dockerEngine(client, { ...process.env, ...env }, undefined, new Strays(processes, home, randomUUID())),
  );

/** Podman has no server that could go away, so this client reports a failed connection while it is cut. */
function breakableClient(directory: string): { client: string; cut: () => void; mend: () => Promise<void> } {
  const [client, away] = [path.join(directory, 'podman'), path.join(directory, 'away')];
  const message = 'Cannot connect to Podman. Please verify your connection to the Linux system';
  writeFileSync(client, `#!/bin/sh\n[ ! -e ${away} ] || { echo '${message}' >&2; exit 125; }\nexec podman "$@"\n`);
  chmodSync(client, 0o755);
  return { client, cut: () => writeFileSync(away, ''), mend: async () => rmSync(away) };
}

const acting = new Map<string, Program['acts']>(
  Object.values(programs).map(({ script, acts }: Program) => [script, acts]),
);
/** The errors of container engines for commands that they cannot run. */
const refusals: Record<string, Behaviour> = {
  '/nonesuch': { startError: 'exec: "/nonesuch": stat /nonesuch: no such file or directory' },
  nonesuch: { startError: 'exec: "nonesuch": executable file not found in $PATH' },
  '/etc': { startError: 'exec: "/etc": permission denied', startCode: 126 },
};
const inMemory = (): FakeRuntime =>
  new FakeRuntime((container) => {
    const [, , script = ''] = container.command ?? [];
    return acting.get(script)?.(container) ?? refusals[container.command?.[0] ?? ''] ?? {};
  });
const memory = inMemory();

/** The id of a home of the test. */
const homeId = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 16);

const cluster = (env: NodeJS.ProcessEnv = process.env): AttemptRuntime =>
  new KubernetesRuntime({
    settings: {
      kind: 'kubernetes',
      imagesOnNodes: true,
      imagePullSecrets: [],
      nodeSelector: {},
      tolerations: [],
    },
    ...{ homeId, kubectl: 'kubectl', env, patienceMs: 60_000 },
  });

/** The runtimes that the contract covers. To add one, add it here and to a project in vitest.config.ts. */
export const runtimes = {
  memory: {
    image: 'localrun/busybox:latest',
    inProcess: true,
    open: () => memory.another(),
    async openWithOutage() {
      const runtime = inMemory();
      return { runtime, cut: () => void (runtime.gone = true), mend: async () => void (runtime.gone = false) };
    },
    without: {},
  },
  docker: {
    image: 'localrun/busybox:latest',
    open: (home) => containerEngine('docker', home),
    async openWithOutage(home, directory) {
      const proxy = new EngineProxy(path.join(directory, 'engine.sock'));
      await proxy.open();
      const runtime = containerEngine('docker', home, { DOCKER_HOST: proxy.host });
      return { runtime, cut: () => proxy.cut(), mend: () => proxy.open() };
    },
    without: {},
  },
  podman: {
    image: 'localrun/busybox:latest',
    open: (home) => containerEngine('podman', home),
    async openWithOutage(home, directory) {
      const { client, ...outage } = breakableClient(directory);
      return { runtime: containerEngine(client, home), ...outage };
    },
    without: {},
  },
  kubernetes: {
    image: 'localrun/busybox:latest',
    open: () => cluster(),
    async openWithOutage(_, directory) {
      const config = readFileSync(process.env['KUBECONFIG'] ?? '', 'utf8');
      const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(config) ?? [];
      const proxy = new EngineProxy(path.join(directory, 'api.sock'), { host: '127.0.0.1', port: Number(port) });
      const [ours = ''] = /\d+$/.exec(await proxy.listenOnPort()) ?? [];
      const KUBECONFIG = path.join(directory, 'kubeconfig');
      writeFileSync(KUBECONFIG, config.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${ours}`));
      const mend = async (): Promise<void> => void (await proxy.listenOnPort(Number(ours)));
      return { runtime: cluster({ ...process.env, KUBECONFIG }), cut: () => proxy.cut(), mend };
    },
    without: {
      images: 'only a node knows the images that it has',
      streams: 'a kubelet returns both streams as one',
      bytes: "docker's log driver json-file, which kubelets before 1.24 need, keeps text",
      exits: 'Kubernetes before 1.22 does not update a pod that it has stopped',
      sigkill: 'a kubelet gives each container two seconds',
    },
  },
} satisfies Record<string, Subject>;
