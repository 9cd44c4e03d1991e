/** The parts of resource names; as in src/model/names.ts, which needs more than a browser has. */

export const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

export function placeOf(name: string): { project: string; region: string } {
  const [, project = '', , region = ''] = name.split('/');
  return { project, region };
}
