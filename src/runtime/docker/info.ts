import type { ContainerEngine } from '../../model/runtime-identity.js';
import { type DockerClient, jsonObject, throwIfUnreachable } from './client.js';
import type { Capacity } from './engine-api.js';

interface DockerInfo {
  ID?: string;
  Name?: string;
  DockerRootDir?: string;
  ProductLicense?: string;
  Architecture?: string;
  NCPU?: number;
  MemTotal?: number;
  Runtimes?: Record<string, unknown> | null;
  ClientInfo?: { Context?: string };
  /** What a 20.10 client prints to stdout about an engine that does not answer, with nothing on stderr. */
  ServerErrors?: string[];
}

interface PodmanInfo {
  host: { arch: string; cpus: number; memTotal: number; hostname: string };
  store: { graphRoot: string };
}

interface Info extends Capacity {
  architecture: string;
  podman: boolean;
  engine: ContainerEngine;
}

/** The license that podman names where it imitates docker. */
const podmanLicense = 'Apache-2.0';

/**
 * The engine's description of itself; podman has its own format. @throws StatusError like DockerClient.run, and
 * INTERNAL
 */
export async function readInfo(client: DockerClient, signal: AbortSignal): Promise<Info> {
  const info = await askedInfo(client, { signal });
  if (isPodman(info)) {
    const { arch, cpus, memTotal } = info.host;
    const engine = identity(info.host.hostname, info.store.graphRoot);
    return {
      ...{ cpus, memoryBytes: memTotal, gpus: false, architecture: arch, podman: true },
      engine: { ...engine, client: 'podman', host: client.variable('CONTAINER_HOST') },
    };
  }
  const { Architecture = '', NCPU = 0, MemTotal = 0, Runtimes } = info;
  const host = client.variable('DOCKER_HOST');
  const { ID, Name, DockerRootDir, ProductLicense, ClientInfo } = info;
  // Podman makes up an id for each answer.
  const engine = identity(ProductLicense === podmanLicense ? Name : ID, DockerRootDir);
  return {
    cpus: NCPU,
    memoryBytes: MemTotal,
    gpus: Runtimes?.['nvidia'] !== undefined,
    architecture: Architecture,
    podman: false,
    engine: { ...engine, client: 'docker', ...(host ? { host } : { context: ClientInfo?.Context }) },
  };
}

/**
 * The output of `info`, with the fields that every engine provides. @throws StatusError like DockerClient.run, and
 * INTERNAL
 */
export async function askedInfo(
  client: DockerClient,
  how: { signal?: AbortSignal } = {},
): Promise<DockerInfo | PodmanInfo> {
  const args = ['info', '--format', '{{json .}}'];
  const { stdout, stderr, exitCode } = await client.run(args, how);
  const info = jsonObject(stdout);
  const errors = info?.['ServerErrors'];
  if (Array.isArray(errors)) throwIfUnreachable(errors.join('\n'));
  if (exitCode !== 0) throw client.failure('info', stderr);
  if (!isDocker(info) && !isPodman(info)) throw client.puzzle(args, stdout);
  return info;
}

const isDocker = (info: DockerInfo | undefined): info is DockerInfo =>
  Number(info?.NCPU) > 0 && Number(info?.MemTotal) > 0;

export function isPodman(info: object | undefined): info is PodmanInfo {
  const { host, store } = (info ?? {}) as Partial<Record<keyof PodmanInfo, Record<string, unknown> | null>>;
  return (
    typeof host?.['cpus'] === 'number' && typeof host['arch'] === 'string' && typeof store?.['graphRoot'] === 'string'
  );
}

/** Docker 20.10 engines on one machine have the same id, but never the same directory. */
const identity = (machine = '', directory = ''): { id: string } => ({ id: `${machine} ${directory}` });
