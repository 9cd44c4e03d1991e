import { formatPath } from '../path.js';
import type { JobInput } from '../schema/job.js';
import { bucketOptions } from './paths.js';

/** Options of volumes that act in Cloud Run and cannot be had of what stands for the volume here. */
export const idleOptions = ({ template }: JobInput): string[] =>
  (template.template.volumes ?? []).flatMap(({ gcs, emptyDir }, i) => {
    const at = ['template', 'template', 'volumes', i];
    const { idle } = bucketOptions(gcs?.mountOptions ?? []);
    return [
      // Files keep their owners and modes: they are the user's own.
      ...(idle.length > 0 ? [`${formatPath([...at, 'gcs', 'mountOptions'])} (${idle.join(', ')})`] : []),
      ...(emptyDir?.medium === 'DISK' && emptyDir.sizeLimit ? [formatPath([...at, 'emptyDir', 'sizeLimit'])] : []),
    ];
  });
