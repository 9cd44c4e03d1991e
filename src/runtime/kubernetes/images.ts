import type { KubernetesSettings } from '../../model/local/settings.js';
import { type Image, ImageUnavailable } from '../port.js';
import { dockerCredentials } from './registry/credentials.js';
import { parseImageName, RegistryClient, RegistryError } from './registry/registry.js';

/**
 * Pins images to the digests that their registries give, with the credentials of the docker client, so that all
 * attempts run the same. An image whose registry does not answer us, or denies us access, is run by its tag: the nodes
 * may have access. An image that is on the nodes already stays as it is.
 * @param platform such as linux/amd64, or `any`
 * @throws ImageUnavailable
 */
export async function pinImages(
  references: readonly string[],
  { imagesOnNodes }: Pick<KubernetesSettings, 'imagesOnNodes'>,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Image[]> {
  const pinned = new Map<string, Image>();
  for (const reference of new Set(references)) {
    pinned.set(reference, imagesOnNodes ? asItIs(reference) : await pin(reference, platform, env, signal));
  }
  return references.map((reference) => pinned.get(reference) ?? asItIs(reference));
}

const asItIs = (reference: string, unpinned?: string): Image => ({
  reference,
  id: reference,
  pulled: false,
  ...(unpinned !== undefined && { unpinned }),
});

async function pin(
  reference: string,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Image> {
  const name = parseImageName(reference);
  const without: string[] = [];
  try {
    const credentials = await dockerCredentials(name.registry, env, signal).catch((error: Error) => {
      signal.throwIfAborted();
      without.push(error.message);
      return undefined;
    });
    const client = new RegistryClient(name, credentials, signal);
    const { digest, platforms } = await client.manifest(platform !== 'any');
    if (platforms && platform !== 'any' && !platforms.some((has) => supports(has, platform))) {
      throw wrongPlatform(reference, platforms, platform);
    }
    const pinned = reference.includes('@') ? reference : `${reference.replace(/:[^/:]*$/, '')}@${digest}`;
    return asItIs(pinned);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.fault === 'missing') throw notFound(reference, error.message);
    if (reference.includes('@')) return asItIs(reference);
    const what = error.fault === 'denied' ? `${name.registry} denies access (${error.message})` : error.message;
    return asItIs(reference, [what, ...without].join('; '));
  }
}

/** A variant that only one of them names makes no difference. */
function supports(has: string, wanted: string): boolean {
  const [os, architecture, variant] = has.split('/');
  const [wantedOs, wantedArchitecture, wantedVariant = variant] = wanted.split('/');
  return os === wantedOs && architecture === wantedArchitecture && (variant ?? wantedVariant) === wantedVariant;
}

const notFound = (image: string, detail: string): ImageUnavailable =>
  new ImageUnavailable(
    image,
    {
      reason: 'CONTAINER_MISSING',
      message: `Image '${image}' not found. Its registry says: ${detail}. Push it there, or set \`imagesOnNodes: true\` in localrun.yaml if the nodes have it.`,
    },
    detail,
  );

const wrongPlatform = (image: string, platforms: readonly string[], wanted: string): ImageUnavailable => {
  const detail = `it is there for ${platforms.join(', ')}, and ${wanted} is wanted`;
  return new ImageUnavailable(
    image,
    {
      reason: 'CONTAINER_MISSING',
      message: `Image '${image}' does not support ${wanted}: ${detail}. Build it with \`docker build --platform ${wanted}\` and push it, or run it as it is with --platform any.`,
    },
    detail,
  );
};
