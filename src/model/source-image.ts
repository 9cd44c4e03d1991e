import { createHash } from 'node:crypto';
import { parseName } from './names.js';

const repository = 'cloud-run-source-deploy';

/**
 * The image that is built from the source of a job. It has gcloud's name for it, and in place of the digest that only a
 * registry assigns, a tag: one per state directory, so that two of them on one container engine do not overwrite each
 * other's images.
 */
export function sourceImage(job: string, home: string): string {
  const { project, location, job: id } = parseName(job);
  const tag = createHash('sha256').update(home).digest('hex').slice(0, 8);
  // As in gcloud, the domain of a project is a directory.
  return `${location}-docker.pkg.dev/${project.replace(':', '/')}/${repository}/${id}:local-${tag}`;
}

/** Whether an image was built from source on a machine, so that no registry has it. */
export const isSourceImage = (reference: string): boolean =>
  /-docker\.pkg\.dev\/.*\/cloud-run-source-deploy\/[^/:@]+:local-[\da-f]{8}$/.test(reference);
