import path from 'node:path';

/** A path inside a volume in its plainest form, '' for all of it; undefined if it leads out of the volume. */
export function inside(text: string): string | undefined {
  if (text.includes('\0') || text.startsWith('/') || text.split('/').includes('..')) return undefined;
  const normal = path.posix.normalize(text).replace(/\/$/, '');
  return normal === '.' ? '' : normal;
}

/** Whether `inner` is somewhere in `outer`, and not `outer` itself. */
export const isWithin = (inner: string, outer: string): boolean =>
  inner !== outer && inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep);

/** What gcsfuse options say of a bucket that can be had of a directory, and those that cannot. */
export function bucketOptions(options: readonly string[]): { only: string; readOnly: boolean; idle: string[] } {
  const idle: string[] = [];
  let only = '';
  let readOnly = false;
  for (const option of options) {
    const [name = '', value = ''] = option.replace(/^-+/, '').split(/=(.*)/s);
    if (name === 'only-dir') only = value;
    else if (name === 'ro' || (name === 'o' && value === 'ro')) readOnly = true;
    // Directories are there whether somebody has made them or not.
    else if (name !== 'implicit-dirs') idle.push(option);
  }
  return { only, readOnly, idle };
}
