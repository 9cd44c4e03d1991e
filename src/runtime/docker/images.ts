import { type EngineApi, type Image, type ImageFault, ImageFailure } from './engine-api.js';
import { brief, type DockerClient } from './client.js';

/** What an engine prints for an image that it does not have. */
export const noSuchImage = /no such image|image not known/i;

/** Finds and pulls images. */
export function dockerImages(client: DockerClient): Pick<EngineApi, 'localImage' | 'pullImage'> {
  const localImage = async (reference: string): Promise<Image | undefined> => {
    const args = ['image', 'inspect', '--format', '{{.Id}} {{.Os}}/{{.Architecture}} {{json .RepoDigests}}', reference];
    const { stdout, stderr, exitCode } = await client.run(args);
    if (exitCode !== 0) {
      if (noSuchImage.test(stderr)) return undefined;
      throw client.failure('image inspect', stderr);
    }
    const [, id, platform = '', digests = ''] = /^((?:sha256:)?[\da-f]{12,}) (\w+\/\w+) (.*)$/m.exec(stdout) ?? [];
    if (id === undefined) throw client.puzzle(args, stdout);
    // Podman gives a digest even to images that were never in a registry.
    const given = jsonList(digests)?.filter((digest) => !digest.startsWith('localhost/'));
    return { id, platform, digest: given?.[0] };
  };

  return {
    localImage,

    async pullImage(reference, platform, signal) {
      const only = platform === undefined ? [] : ['--platform', platform];
      const args = ['pull', '--quiet', ...only, reference];
      // The duration depends on the image, and there is no output until it is done.
      const { stderr, exitCode } = await client.run(args, { signal, work: Infinity });
      if (exitCode !== 0) {
        const detail = brief(stderr).replace(/^Error(?: response from daemon)?: /, '');
        throw new ImageFailure(faultOf(detail), detail || 'the engine gives no reason');
      }
      const image = await localImage(reference);
      if (!image) throw new ImageFailure('missing', 'the engine has pulled it and does not know it');
      return image;
    },
  };
}

/** What engines, docker of several versions and podman, and registries print when an image is unavailable. */
const faults: readonly [fault: ImageFault, said: RegExp][] = [
  ['credentials', /error getting credentials|docker-credential-\S+: executable file not found/i],
  [
    'platform',
    /no (?:matching manifest|image found in manifest list|match for platform)|does not match the specified platform/i,
  ],
  ['rate', /toomanyrequests|too many requests|pull rate limit/i],
  ['disk', /no space left on device|disk quota exceeded/i],
  ['host', /no such host|server misbehaving|temporary failure in name resolution/i],
  ['trust', /x509:|tls: |certificate|server gave HTTP response to HTTPS client/i],
  [
    'silence',
    /connection refused|no route to host|network is unreachable|i\/o timeout|handshake timeout|Client\.Timeout|deadline exceeded|connection reset|\bEOF$/i,
  ],
  // Docker Hub answers the same for missing images and for private ones.
  ['missing', /requested access to the resource is denied|insufficient_scope/i],
  ['denied', /\bdenied: |unauthenticated|unauthori[sz]ed|no basic auth|forbidden|authentication required/i],
  [
    'missing',
    /manifest unknown|name unknown|not found|does not exist|no such image|\b404\b|did not resolve to an alias/i,
  ],
];

/** Why an image cannot be pulled, according to the engine's message. */
export const faultOf = (detail: string): ImageFault => faults.find(([, said]) => said.test(detail))?.[0] ?? 'other';

function jsonList(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}
