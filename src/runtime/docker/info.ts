import type { EngineIdentity } from '../../model/container-engine.js';
import type { Capacity } from '../runtime.js';
import { type DockerClient, throwIfUnreachable } from './client.js';

interface DockerInfo {
  ID?: string;
  Name?: string;
  DockerRootDir?: string;
  ProductLicense?: string;
  Architecture?: string;
  NCPU?: number;
  MemTotal?: number;
  Runtimes?: Record<string, unknown>;
  ClientInfo?: { Context?: string };
  /** What a client of 20.10 says of an engine that does not answer, and on stderr nothing. */
  ServerErrors?: string[];
}

interface PodmanInfo {
  host: { arch: string; cpus: number; memTotal: number; hostname: string };
  store: { graphRoot: string };
}

interface Info extends Capacity {
  architecture: string;
  podman: boolean;
  engine: EngineIdentity;
}

/** The license that podman names where it behaves like docker. */
const podmanLicense = 'Apache-2.0';

/** What the engine says of itself; podman says it in its own way. */
export async function readInfo(client: DockerClient, signal: AbortSignal): Promise<Info> {
  const { stdout, stderr, exitCode } = await client.run(['info', '--format', '{{json .}}'], { signal });
  const info = exitCode === 0 ? (JSON.parse(stdout) as DockerInfo | PodmanInfo) : {};
  if ('host' in info) {
    const { arch, cpus, memTotal } = info.host;
    const engine = identity(info.host.hostname, info.store.graphRoot);
    return {
      ...{ cpus, memoryBytes: memTotal, gpus: false, architecture: arch, podman: true },
      engine: { ...engine, client: 'podman', host: client.variable('CONTAINER_HOST') },
    };
  }
  const { Architecture = '', NCPU, MemTotal, Runtimes, ServerErrors = [] } = info;
  throwIfUnreachable(ServerErrors.join('\n'));
  if (!NCPU || !MemTotal) throw client.failure('info', stderr);
  const host = client.variable('DOCKER_HOST');
  const { ID, Name, DockerRootDir, ProductLicense, ClientInfo } = info;
  // Podman makes an id up for each answer.
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

/** Engines of docker 20.10 on one machine have the same id, and never the same directory. */
const identity = (machine = '', directory = ''): { id: string } => ({ id: `${machine} ${directory}` });
