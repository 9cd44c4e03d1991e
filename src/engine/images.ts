import type { Condition } from '../model/schema/condition.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Execution } from '../model/schema/job.js';
import { imported, importFailed } from '../model/execution.js';
import type { Timestamp } from '../model/time.js';
import { type ContainerRuntime, type Image, ImageUnavailable } from '../runtime/runtime.js';

type ImageEvent =
  { type: 'image.pulling'; image: string } | { type: 'image.unavailable'; image: string; detail: string };

/**
 * Finds the images of an execution, pulling those that the engine does not have, once for all its attempts: the
 * execution as it stands then, either ready to start or failed, and the image ids by the execution's references.
 */
export async function prepareImages(
  execution: Execution,
  { pull, platform }: LocalSettings,
  runtime: ContainerRuntime,
  signal: AbortSignal,
  tell: (event: ImageEvent) => void,
  now: () => Timestamp,
): Promise<{ execution: Execution; images: Record<string, string> }> {
  const images: Record<string, string> = {};
  let pulled = false;
  const containers = [];
  for (const container of execution.template.containers) {
    let image: Image | undefined;
    try {
      if (pull !== 'always') image = await runtime.localImage(container.image);
      if (!image) {
        if (pull === 'never') throw new ImageUnavailable('missing', 'the engine does not have it, and may not pull it');
        tell({ type: 'image.pulling', image: container.image });
        image = await runtime.pullImage(container.image, platform === 'any' ? undefined : platform, signal);
        pulled = true;
      }
      if (platform !== 'any' && image.platform !== platform) {
        throw new ImageUnavailable(
          'missing',
          `it is there for ${image.platform} only, and ${platform} is wanted (--platform)`,
        );
      }
    } catch (error) {
      if (!(error instanceof ImageUnavailable)) throw error;
      tell({ type: 'image.unavailable', image: container.image, detail: error.message });
      return { execution: importFailed(execution, importFailure(container.image, error.reason), now()), images: {} };
    }
    const reference = withDigest(container.image, image);
    images[reference] = image.id;
    containers.push({ ...container, image: reference });
  }
  return { execution: imported(execution, { ...execution.template, containers }, pulled, now()), images };
}

/** An execution names the digest that it runs, where a registry has given one. */
const withDigest = (reference: string, { digest }: Image): string => {
  const at = digest?.indexOf('@') ?? -1;
  if (!digest || at < 0 || reference.includes('@')) return reference;
  return `${reference.replace(/:[^/:]*$/, '')}${digest.slice(at)}`;
};

/** In the words of the service. */
const importFailure = (image: string, reason: ImageUnavailable['reason']): Condition =>
  reason === 'denied'
    ? {
        reason: 'CONTAINER_PERMISSION_DENIED',
        message: `Permission to read the image, ${image}, was denied. Ensure that the provided container image URL is correct and that your account has permission to access the image.`,
      }
    : { reason: 'CONTAINER_MISSING', message: `Image '${image}' not found.` };
