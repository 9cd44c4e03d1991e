import { parseName } from '../model/names.js';

/** The path of an execution's page. Its segments are the project, the location and the execution. */
export function executionPage(name: string): string {
  const { project, location, execution = '-' } = parseName(name);
  return `/executions/${project}/${location}/${execution}`;
}

/** The members of answers that hold resources, or lists of them. */
const holders = ['executions', 'tasks', 'operations', 'metadata', 'response'];

/**
 * An answer whose executions and tasks refer to their page on a server instead of to a directory of this machine. Only
 * while a server runs is there such a page, so that it is not stored.
 * @param address of the server
 */
export function withPages(address: string, answer: object): object {
  const given = answer as Record<string, unknown>;
  const result = { ...given };
  if (typeof given['logUri'] === 'string' && typeof given['name'] === 'string') {
    result['logUri'] = address + executionPage(given['name']);
  }
  for (const key of holders) {
    const held = given[key];
    if (Array.isArray(held)) result[key] = held.map((item: object) => withPages(address, item));
    else if (typeof held === 'object' && held !== null) result[key] = withPages(address, held);
  }
  return result;
}
