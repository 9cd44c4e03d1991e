import { formatPath } from '../field-path.js';
import type { JobInput } from '../schema/job.js';

/** What gcsfuse options say of a bucket that can be had of a directory, and those that cannot. */
export function bucketOptions(options: readonly string[]): { only: string; readOnly: boolean; ignored: string[] } {
  const ignored: string[] = [];
  let only = '';
  let readOnly = false;
  for (const option of options) {
    const [name = '', value = ''] = option.replace(/^-+/, '').split(/=(.*)/s);
    if (name === 'only-dir') only = value;
    else if (name === 'ro' || (name === 'o' && value === 'ro')) readOnly = true;
    // Directories are there whether somebody has made them or not.
    else if (name !== 'implicit-dirs') ignored.push(option);
  }
  return { only, readOnly, ignored };
}

/** Options of volumes that act in Cloud Run and cannot be had of what stands for the volume here. */
export const ignoredVolumeOptions = ({ template }: JobInput): string[] =>
  (template.template.volumes ?? []).flatMap(({ gcs, emptyDir }, i) => {
    const at = ['template', 'template', 'volumes', i];
    const { ignored } = bucketOptions(gcs?.mountOptions ?? []);
    return [
      // Files keep their owners and modes: they are the user's own.
      ...(ignored.length > 0 ? [`${formatPath([...at, 'gcs', 'mountOptions'])} (${ignored.join(', ')})`] : []),
      ...(emptyDir?.medium === 'DISK' && emptyDir.sizeLimit ? [formatPath([...at, 'emptyDir', 'sizeLimit'])] : []),
    ];
  });
