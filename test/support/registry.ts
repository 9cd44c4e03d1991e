import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a registry answers when it is asked for a manifest. */
interface Answer {
  status: number;
  /** A code and a message, as registries tell errors. */
  error?: readonly [code: string, message: string];
  /** A list of images for these platforms. */
  architectures?: readonly string[];
}

const permission =
  'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/p/locations/us/repositories/r" (or it may not exist)';
const stranger =
  'Unauthenticated request. Unauthenticated requests do not have permission "artifactregistry.repositories.downloadArtifacts" on resource "projects/p/locations/us/repositories/r" (or it may not exist)';

/** By the name of the image. The first three are in the shape of Artifact Registry. */
const answers = {
  denied: { status: 403, error: ['DENIED', permission] },
  stranger: { status: 403, error: ['DENIED', stranger] },
  unauthenticated: { status: 401, error: ['UNAUTHENTICATED', stranger] },
  unauthorized: { status: 401, error: ['UNAUTHORIZED', 'authentication required'] },
  none: { status: 404, error: ['MANIFEST_UNKNOWN', 'Failed to fetch "latest"'] },
  nowhere: { status: 404, error: ['NAME_UNKNOWN', 'Repository "r" not found'] },
  limited: { status: 429, error: ['TOOMANYREQUESTS', 'You have reached your pull rate limit.'] },
  broken: { status: 500 },
  arm: { status: 200, architectures: ['arm64'] },
} satisfies Record<string, Answer>;

export type Repository = keyof typeof answers;

const list = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** A registry on this machine that has no image to give, and says so in many ways. Engines ask it over plain HTTP. */
export class Registry {
  readonly #server: Server = createServer((request, response) => {
    const [, name = ''] = /^\/v2\/p\/r\/(\w+)\/manifests\//.exec(request.url ?? '') ?? [];
    const { status, error, architectures }: Answer = Object.hasOwn(answers, name)
      ? answers[name as Repository]
      : { status: 200 };
    const body = JSON.stringify(
      architectures
        ? { schemaVersion: 2, mediaType: list, manifests: architectures.map(manifest) }
        : { errors: error && [{ code: error[0], message: error[1] }] },
    );
    const type = architectures ? list : 'application/json';
    response.writeHead(status, { 'content-type': type, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });

  /** Its address, once it listens. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const manifest = (architecture: string): object => ({
  mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  size: 100,
  digest: `sha256:${'a'.repeat(64)}`,
  platform: { os: 'linux', architecture },
});
