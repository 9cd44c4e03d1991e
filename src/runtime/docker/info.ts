import type { Capacity } from '../runtime.js';
import { type DockerClient, failure, throwIfUnreachable } from './client.js';

interface DockerInfo {
  Architecture?: string;
  NCPU?: number;
  MemTotal?: number;
  Runtimes?: Record<string, unknown>;
  /** What a client of 20.10 says of an engine that does not answer, and on stderr nothing. */
  ServerErrors?: string[];
}

interface PodmanInfo {
  host: { arch: string; cpus: number; memTotal: number };
}

/** What the engine says of itself; podman says it in its own way. */
export async function readInfo(client: DockerClient): Promise<Capacity & { architecture: string; podman: boolean }> {
  const { stdout, stderr, exitCode } = await client.run(['info', '--format', '{{json .}}']);
  const info = exitCode === 0 ? (JSON.parse(stdout) as DockerInfo | PodmanInfo) : {};
  if ('host' in info) {
    const { arch, cpus, memTotal } = info.host;
    return { cpus, memoryBytes: memTotal, gpus: false, architecture: arch, podman: true };
  }
  const { Architecture = '', NCPU, MemTotal, Runtimes, ServerErrors = [] } = info;
  throwIfUnreachable(ServerErrors.join('\n'));
  if (!NCPU || !MemTotal) throw failure('info', stderr);
  return {
    cpus: NCPU,
    memoryBytes: MemTotal,
    gpus: Runtimes?.['nvidia'] !== undefined,
    architecture: Architecture,
    podman: false,
  };
}
