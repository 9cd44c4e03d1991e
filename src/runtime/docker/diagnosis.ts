import { StatusError } from '../../model/errors.js';
import { Cgroups } from './cgroups.js';
import { DockerClient } from './client.js';
import { askedInfo, isPodman } from './info.js';
import { nofileLabel } from './sandbox/image.js';

/** What there is to say of a container engine, and of the client that reaches it. */
export interface EngineReport {
  /** Undefined if the client cannot be run. */
  client: { kind: 'docker' | 'podman'; version: string } | undefined;
  /** Where the client looks for the engine, and what has decided that: a variable, or a context. */
  endpoint: { address: string; source: string } | undefined;
  /** Why there is no engine, if there is none. */
  failure: StatusError | undefined;
  engine: Engine | undefined;
}

export interface Engine {
  version: string;
  /** As the kernel names it: x86_64. */
  architecture: string;
  cgroup: string;
  /** What the engine cannot limit. */
  unlimited: readonly string[];
  warnings: readonly string[];
  /** Why the memory and the CPU time of containers are not measured; undefined if nothing is known to prevent it. */
  unmeasured: string | undefined;
  /** Where images and containers lie, on the engine's machine. */
  directory: string;
  /** The engine's machine is this one. */
  local: boolean;
  /** Open files that containers may have; `engine`: what the engine grants by itself; undefined before it was tried. */
  openFiles: number | 'engine' | undefined;
}

const unknown = 'unknown';

type Environment = Record<string, string | undefined>;

/** Asks the client and the engine what they are; the absence of an engine is an answer, too. */
export async function diagnoseEngine(
  command: string,
  environment: Environment,
  patience?: number,
): Promise<EngineReport> {
  const client = new DockerClient(command, environment, patience);
  const report: EngineReport = { client: undefined, endpoint: undefined, failure: undefined, engine: undefined };
  try {
    report.client = await clientOf(client);
    report.endpoint = await endpointOf(client, report.client.kind, environment);
    const local = /^(unix:|npipe:|the local)/.test(report.endpoint.address);
    report.engine = await engineOf(client, local);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    report.failure = error;
  }
  return report;
}

async function clientOf(client: DockerClient): Promise<NonNullable<EngineReport['client']>> {
  const { stdout } = await client.run(['--version']);
  const [, name = 'docker', version = unknown] = /^(\w+) version ([^\s,]+)/i.exec(stdout) ?? [];
  return { kind: /podman/i.test(name) ? 'podman' : 'docker', version };
}

async function endpointOf(
  client: DockerClient,
  kind: 'docker' | 'podman',
  environment: Environment,
): Promise<NonNullable<EngineReport['endpoint']>> {
  const variable = kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST';
  const host = environment[variable];
  if (host) return { address: host, source: variable };
  if (kind === 'podman') return { address: 'the local podman', source: 'default' };
  const { stdout, stderr, exitCode } = await client.run([
    ...['context', 'inspect', '--format', '{{.Name}} {{.Endpoints.docker.Host}}'],
  ]);
  if (exitCode !== 0)
    throw new StatusError('UNAVAILABLE', `The docker context cannot be used: ${stderr.trim()}`, {
      fix: 'docker context ls shows those that there are',
    });
  const [name = '', address = ''] = stdout.trim().split(' ');
  return { address, source: environment['DOCKER_CONTEXT'] ? `DOCKER_CONTEXT ${name}` : `context ${name}` };
}

interface DockerDetails {
  ServerVersion?: string;
  Architecture?: string;
  CgroupVersion?: string;
  CgroupDriver?: string;
  MemoryLimit?: boolean;
  SwapLimit?: boolean;
  CpuCfsQuota?: boolean;
  PidsLimit?: boolean;
  DockerRootDir?: string;
  Warnings?: string[] | null;
}

interface PodmanDetails {
  host: { cgroupVersion?: string; cgroupControllers?: string[] | null };
  version?: { Version?: string };
}

async function engineOf(client: DockerClient, local: boolean): Promise<Engine> {
  const answer = await askedInfo(client);
  const openFiles = await openFilesOf(client);
  if (isPodman(answer)) {
    const { host, version } = answer as PodmanDetails;
    const controllers = host.cgroupControllers ?? [];
    return {
      version: version?.Version ?? unknown,
      architecture: answer.host.arch,
      cgroup: host.cgroupVersion?.replace(/^v/, '') ?? unknown,
      unlimited: ['memory', 'cpu', 'pids'].filter((name) => !controllers.includes(name)),
      warnings: [],
      unmeasured: 'that works with docker only',
      directory: answer.store.graphRoot,
      ...{ local, openFiles },
    };
  }
  const info: DockerDetails = answer;
  const limits = [
    ['memory', info.MemoryLimit],
    ['swap', info.SwapLimit],
    ['cpu', info.CpuCfsQuota],
    ['pids', info.PidsLimit],
  ] as const;
  return {
    version: info.ServerVersion ?? unknown,
    architecture: info.Architecture ?? unknown,
    cgroup: info.CgroupVersion ?? unknown,
    unlimited: limits.filter(([, works]) => works === false).map(([name]) => name),
    warnings: (info.Warnings ?? []).map((line) => line.replace(/^WARNING: /, '')),
    unmeasured: new Cgroups().obstacle(info.CgroupDriver),
    directory: info.DockerRootDir ?? '',
    ...{ local, openFiles },
  };
}

/** As the label of the sandbox image says, which was found out when the image was made. */
async function openFilesOf(client: DockerClient): Promise<Engine['openFiles']> {
  const images = await client.run(['image', 'ls', '--quiet', '--filter', `label=${nofileLabel}`]);
  const [image] = images.stdout.split('\n').filter(Boolean);
  if (!image) return undefined;
  const format = `{{index .Config.Labels "${nofileLabel}"}}`;
  const { stdout } = await client.run(['image', 'inspect', '--format', format, image]);
  return Number(stdout) || 'engine';
}
