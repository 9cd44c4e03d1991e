import path from 'node:path';
import { StatusError } from '../../model/errors.js';
import type { ImageBuilder, ImageSource } from '../image-builder.js';
import { BuildOutput } from './build-output.js';
import { DockerClient } from './client.js';
import { dockerImages } from './images.js';
import { readInfo } from './info.js';
import type { Processes } from './strays.js';

/** The builder that gcloud uses. */
const buildpacks = 'gcr.io/buildpacks/builder:latest';

type Environment = Record<string, string | undefined>;

/** A call of a client: its arguments and the variables that it gets. */
interface ClientCall {
  args: string[];
  env: Record<string, string>;
}

/** How image platforms name the architectures that the kernel names otherwise. */
const architectures: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/**
 * Builds Dockerfiles with the client of the container engine, and other sources with `pack`. Which engine it is, and
 * whether it uses BuildKit, are the client's own business.
 * @param patience how long a short call of the client may be silent, in ms
 */
export class EngineImageBuilder implements ImageBuilder {
  readonly #client: DockerClient;
  readonly #pack: DockerClient;
  readonly #processes: Pick<Processes, 'end'>;
  readonly #over = new AbortController();
  #info: ReturnType<typeof readInfo> | undefined;

  constructor(command: string, environment: Environment, patience: number, processes: Pick<Processes, 'end'>) {
    this.#client = new DockerClient(command, environment, patience);
    this.#pack = new DockerClient('pack', environment, patience);
    this.#processes = processes;
  }

  async platform(): Promise<string> {
    const { architecture } = await this.#engine();
    return `linux/${architectures[architecture] ?? architecture}`;
  }

  /** The engine, whose context the client then keeps to. */
  async #engine(): ReturnType<typeof readInfo> {
    const info = await (this.#info ??= readInfo(this.#client, this.#over.signal));
    if (info.engine.context) this.#client.keepTo(info.engine.context);
    return info;
  }

  async build(
    source: ImageSource,
    onLine: Parameters<ImageBuilder['build']>[1],
    signal: AbortSignal,
  ): ReturnType<ImageBuilder['build']> {
    const { podman } = await this.#engine();
    const ofDockerfile = source.method === 'Dockerfile';
    if (!ofDockerfile && !(await this.#hasPack())) {
      return { failure: { reason: 'there is no program pack', output: [], missing: 'pack' } };
    }
    const client = ofDockerfile ? this.#client : this.#pack;
    const { args, env } = ofDockerfile ? dockerfileCall(source) : await this.#packCall(source, podman);
    const output = new BuildOutput();
    const over = AbortSignal.any([signal, this.#over.signal]);
    const exitCode = await client.work(args, { env, signal: over, end: this.#processes.end }, (text) => {
      const line = output.add(text);
      if (line) onLine(line);
    });
    if (exitCode !== 0) return { failure: output.failure() };
    const image = await dockerImages(this.#client).localImage(source.reference);
    if (!image) return { failure: { reason: 'the container engine does not have what was built', output: [] } };
    return { image: { id: image.id, ...output.count() } };
  }

  async #hasPack(): Promise<boolean> {
    try {
      return (await this.#pack.run(['version'])).exitCode === 0;
    } catch (error) {
      if (error instanceof StatusError && error.code === 'UNAVAILABLE') return false;
      throw error;
    }
  }

  async #packCall({ directory, reference, refresh }: ImageSource, podman: boolean): Promise<ClientCall> {
    const env: Record<string, string> = {};
    // It knows no contexts.
    if (!podman && !this.#client.variable('DOCKER_HOST')) {
      const format = '{{.Endpoints.docker.Host}}';
      const { stdout, exitCode } = await this.#client.run(['context', 'inspect', '--format', format]);
      if (exitCode === 0 && stdout.trim()) env['DOCKER_HOST'] = stdout.trim();
    }
    const pull = refresh ? 'always' : 'if-not-present';
    const args = ['build', reference, '--path', directory, '--builder', buildpacks, '--pull-policy', pull];
    return { args: [...args, '--no-color'], env };
  }

  close(): void {
    this.#over.abort();
    this.#client.close();
    this.#pack.close();
  }
}

function dockerfileCall({ directory, reference, platform, refresh }: ImageSource): ClientCall {
  const args = [
    ...['build', '--tag', reference],
    ...(platform === undefined ? [] : ['--platform', platform]),
    ...(refresh ? ['--pull'] : []),
    // Without BuildKit, docker would keep the container of a step that fails.
    '--force-rm',
    // Podman would prefer a Containerfile, which gcloud does not know.
    ...['--file', path.join(directory, 'Dockerfile'), directory],
  ];
  return { args, env: { BUILDKIT_PROGRESS: 'plain' } };
}
