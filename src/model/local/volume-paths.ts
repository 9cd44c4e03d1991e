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
