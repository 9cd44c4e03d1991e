import type { LocalSettings } from '../../../model/local/settings.js';
import type { Condition } from '../../../model/schema/condition.js';
import { isSourceImage } from '../../../model/source-image.js';
import { type Image, ImageUnavailable } from '../../port.js';
import { type EngineApi, type Image as EngineImage, ImageFailure } from '../engine-api.js';

/**
 * Finds images, and pulls those that the engine does not have.
 * @throws ImageUnavailable
 */
export async function prepareImages(
  references: readonly string[],
  { pull, platform, built = {} }: Pick<LocalSettings, 'pull' | 'platform' | 'built'>,
  engine: EngineApi,
  signal: AbortSignal,
  onPull: (reference: string) => void,
): Promise<Image[]> {
  const images: Image[] = [];
  for (const reference of references) {
    try {
      const id = built[reference];
      const own = id !== undefined || isSourceImage(reference);
      let image = pull === 'always' && !own ? undefined : await engine.localImage(id ?? reference);
      const pulled = image === undefined;
      if (!image) {
        if (own) throw new ImageFailure('unbuilt', 'the engine does not have it, and no registry has');
        if (pull === 'never') throw new ImageFailure('unpulled', 'the engine does not have it, and may not pull it');
        onPull(reference);
        image = await engine.pullImage(reference, platform === 'any' ? undefined : platform, signal);
      }
      if (platform !== 'any' && image.platform !== platform) {
        throw new ImageFailure('platform', `it is there for ${image.platform}, and ${platform} is wanted`);
      }
      images.push({ reference: own ? reference : withDigest(reference, image), id: image.id, pulled });
    } catch (error) {
      if (!(error instanceof ImageFailure)) throw error;
      throw new ImageUnavailable(reference, importFailure(reference, error, platform), error.message);
    }
  }
  return images;
}

/** An execution names the digest that it runs, if a registry assigned one. */
const withDigest = (reference: string, { digest }: EngineImage): string => {
  const at = digest?.indexOf('@') ?? -1;
  if (!digest || at < 0 || reference.includes('@')) return reference;
  return `${reference.replace(/:[^/:]*$/, '')}${digest.slice(at)}`;
};

/** The registry of an image, as an engine reads its name. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}

const hub = 'docker.io';
const isGoogles = (registry: string): boolean => /(?:^|\.)(?:gcr\.io|pkg\.dev)$/.test(registry);

/** How to get access to a registry. */
const signIn = (registry: string): string => {
  if (isGoogles(registry)) return `gcloud auth configure-docker ${registry}`;
  return registry === hub ? 'docker login' : `docker login ${registry}`;
};

/**
 * The condition of an execution whose image is unavailable: in Cloud Run's wording where that exists, with what helps
 * locally.
 */
function importFailure(image: string, { fault, message: detail }: ImageFailure, platform: string): Condition {
  const registry = registryOf(image);
  const cannot = `Image '${image}' cannot be pulled`;
  const cause = detail.split(': ').at(-1);
  const own = registry === hub ? ' One of your own has to be built first.' : '';
  const missing = (message: string): Condition => ({ reason: 'CONTAINER_MISSING', message });
  switch (fault) {
    case 'missing': {
      const here = `Neither this engine nor Docker Hub shows it: build it, or sign in with \`${signIn(registry)}\`.`;
      return missing(`Image '${image}' not found.${registry === hub ? ` ${here}` : ''}`);
    }
    case 'denied':
      return {
        reason: 'CONTAINER_PERMISSION_DENIED',
        message: `Permission to read the image, ${image}, was denied. Ensure that the provided container image URL is correct and that your account has permission to access the image. To sign in: \`${signIn(registry)}\`.`,
      };
    case 'credentials':
      return {
        reason: 'CONTAINER_PERMISSION_DENIED',
        message: `Permission to read the image, ${image}, cannot be asked for: ${detail}. Sign in (\`gcloud auth login\`), or see credHelpers in the configuration of the docker client.`,
      };
    case 'host':
      return missing(
        `${cannot}: there is no host ${registry}. Check its name, and the network of the container engine.${own}`,
      );
    case 'silence':
      return missing(
        `${cannot}: ${registry} does not answer (${cause}). Check the network and the proxy of the container engine.${own}`,
      );
    case 'trust':
      return missing(
        `${cannot}: the container engine does not trust ${registry} (${cause}). Give it the certificate, or list the registry as insecure.`,
      );
    case 'rate':
      return missing(
        `${cannot}: ${registry} has handed out as much as it does for now. Wait, or sign in: \`${signIn(registry)}\`.`,
      );
    case 'platform': {
      const wanted = platform === 'any' ? 'the platform of the container engine' : platform;
      const asItIs = platform === 'any' ? '' : ', or run it as it is with --platform any';
      const build = platform === 'any' ? 'docker build' : `docker build --platform ${platform}`;
      return missing(`Image '${image}' does not support ${wanted}: ${detail}. Build it with \`${build}\`${asItIs}.`);
    }
    case 'disk':
      return missing(
        `${cannot}: no space is left on the disk of the container engine. \`docker system df\` shows what takes it.`,
      );
    case 'unpulled':
      return missing(
        `Image '${image}' is not in the container engine, which is not to pull it. Build or pull it first, or let it be pulled: --pull missing.`,
      );
    case 'unbuilt':
      return missing(
        `Image '${image}', which was built from source, is not in this container engine. Build it again: deploy or run the job with --source.`,
      );
    case 'other':
      return missing(`${cannot}: ${detail}.`);
  }
}
