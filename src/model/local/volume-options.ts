import { formatPath } from '../field-path.js';
import type { JobInput } from '../schema/job.js';

/** The gcsfuse options that a directory can honour in place of a bucket, and those that it ignores. */
export function bucketOptions(options: readonly string[]): { only: string; readOnly: boolean; ignored: string[] } {
  const ignored: string[] = [];
  let only = '';
  let readOnly = false;
  for (const option of options) {
    const [name = '', value = ''] = option.replace(/^-+/, '').split(/=(.*)/s);
    if (name === 'only-dir') only = value;
    else if (name === 'ro' || (name === 'o' && value === 'ro')) readOnly = true;
    // A directory always behaves as with this option.
    else if (name !== 'implicit-dirs') ignored.push(option);
  }
  return { only, readOnly, ignored };
}

/** Volume options that act in Cloud Run and are ignored locally. */
export const ignoredVolumeOptions = ({ template }: JobInput): string[] =>
  (template.template.volumes ?? []).flatMap(({ gcs, emptyDir }, i) => {
    const at = ['template', 'template', 'volumes', i];
    const { ignored } = bucketOptions(gcs?.mountOptions ?? []);
    return [
      // Files keep their owners and modes, because they belong to the user.
      ...(ignored.length > 0 ? [`${formatPath([...at, 'gcs', 'mountOptions'])} (${ignored.join(', ')})`] : []),
      ...(emptyDir?.medium === 'DISK' && emptyDir.sizeLimit ? [formatPath([...at, 'emptyDir', 'sizeLimit'])] : []),
    ];
  });
