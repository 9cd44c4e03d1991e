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

/** Where a listing may look: in one location, or with `-` in all of them. */
type Where = 'here' | 'anywhere';

/**
 * The segments of the name of a resource or of a parent, with the id of the project in place of its number. Project and
 * location become the names of directories, so that nothing else may pass for one.
 */
function segmentsOf({ project, projectNumber }: ServerCall, name: string, where: Where): string[] {
  const [projects, given = '', locations, location = '', ...rest] = name.split('/');
  const right =
    name.length <= longest &&
    projects === 'projects' &&
    isParentPart(given) &&
    locations === 'locations' &&
    (isParentPart(location) || (location === '-' && where === 'anywhere'));
  if (!right) throw invalid(name);
  return ['projects', given === projectNumber ? project : given, 'locations', location, ...rest];
}

/** The project and location that a name consists of. @throws StatusError INVALID_ARGUMENT */
export function parentOf(call: ServerCall, name: string, where: Where = 'here'): Parent {
  const [, project = '', , location = '', ...rest] = segmentsOf(call, name, where);
  if (rest.length > 0) throw invalid(name);
  return { project, location };
}

/** The full name of a resource in these collections. @throws StatusError INVALID_ARGUMENT */
export function nameIn(
  call: ServerCall,
  name: string,
  collections: readonly ('jobs' | 'executions' | 'tasks' | 'operations')[],
  where: Where = 'here',
): string {
  const segments = segmentsOf(call, name, where);
  const rest = segments.slice(4);
  const right = rest.length === collections.length * 2 && collections.every((of, i) => rest[i * 2] === of);
  if (!right || rest.includes('')) throw invalid(name);
  return segments.join('/');
}
