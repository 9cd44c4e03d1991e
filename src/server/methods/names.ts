import { StatusError } from '../../model/errors.js';
import { isParentPart, type Parent } from '../../model/names.js';
import type { ServerCall } from './method.js';

/** The longest resource name. All parts at their limits make about 350 characters. */
const longest = 1024;

const invalid = (name: string): StatusError =>
  new StatusError(
    'INVALID_ARGUMENT',
    `Invalid resource name [${name.length > 100 ? `${name.slice(0, 100)}…` : name}].`,
  );

/**
 * The name of a resource or of a parent, with the id of the project in place of its number. Project and location become
 * the names of directories, so that nothing else may pass for one.
 * @throws StatusError INVALID_ARGUMENT
 */
export function resourceName({ project, projectNumber }: ServerCall, name: string): string {
  const [projects, given = '', locations, location = '', ...rest] = name.split('/');
  const right =
    name.length <= longest &&
    projects === 'projects' &&
    isParentPart(given) &&
    locations === 'locations' &&
    (location === '-' || isParentPart(location));
  if (!right) throw invalid(name);
  return ['projects', given === projectNumber ? project : given, 'locations', location, ...rest].join('/');
}

/** The project and location that a name consists of. @throws StatusError INVALID_ARGUMENT */
export function parentOf(call: ServerCall, name: string): Parent {
  const [, project, , location, ...rest] = resourceName(call, name).split('/');
  if (project === undefined || location === undefined || rest.length > 0) throw invalid(name);
  return { project, location };
}

/** The name of a resource that has exactly these collections. @throws StatusError INVALID_ARGUMENT */
export function nameIn(call: ServerCall, name: string, ...collections: readonly string[]): string {
  const full = resourceName(call, name);
  const [, , , , ...rest] = full.split('/');
  const right =
    rest.length === collections.length * 2 && collections.every((of, i) => rest[i * 2] === of && rest[i * 2 + 1]);
  if (!right) throw invalid(name);
  return full;
}
