import path from 'node:path';

/** The normal form of a path inside a volume, '' for the whole volume; undefined if it leads out of the volume. */
export function inside(text: string): string | undefined {
  if (text.includes('\0') || text.startsWith('/') || text.split('/').includes('..')) return undefined;
  const normal = path.posix.normalize(text).replace(/\/$/, '');
  return normal === '.' ? '' : normal;
}

/** Whether `inner` is below `outer`, and not `outer` itself. */
export const isWithin = (inner: string, outer: string): boolean =>
  inner !== outer && inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep);
