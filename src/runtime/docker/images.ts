import { type ContainerRuntime, type Image, ImageUnavailable } from '../runtime.js';
import type { DockerClient } from './client.js';

/** What an engine says of an image that it does not have. */
export const noSuchImage = /no such image|image not known/i;

/** What a runtime does with images. */
export function dockerImages(client: DockerClient): Pick<ContainerRuntime, 'localImage' | 'pullImage'> {
  const localImage = async (reference: string): Promise<Image | undefined> => {
    const { stdout, stderr, exitCode } = await client.run([
      ...['image', 'inspect', '--format', '{{.Id}} {{.Os}}/{{.Architecture}} {{json .RepoDigests}}'],
      reference,
    ]);
    if (exitCode !== 0) {
      if (noSuchImage.test(stderr)) return undefined;
      throw client.failure('image inspect', stderr);
    }
    const [, id = '', platform = '', digests = '[]'] = /^(\S+) (\S+) (.*)$/m.exec(stdout) ?? [];
    // Podman gives a digest to images that no registry has seen, too.
    const given = (JSON.parse(digests) as string[] | null)?.filter((digest) => !digest.startsWith('localhost/'));
    return { id, platform, digest: given?.[0] };
  };

  return {
    localImage,

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
  };
}
