import { Environment } from '@marcbachmann/cel-js';
import type { Circumstances } from './permissions.js';

/** The attributes and functions that IAM conditions on a job can use. */
const environment = new Environment()
  .registerVariable('request', 'map')
  .registerVariable('resource', 'map')
  .registerFunction('string.extract(string): string', extract);

/**
 * The part of a text at `{...}` in a template: "jobs/{id}/x" extracts "a" from "p/jobs/a/x"; empty if it does not
 * match.
 */
function extract(text: string, template: string): string {
  const [, before = '', after = ''] = /^(.*)\{\w+\}(.*)$/.exec(template) ?? [];
  const start = text.indexOf(before);
  if (start < 0) return '';
  const rest = text.slice(start + before.length);
  const end = after === '' ? rest.length : rest.indexOf(after);
  return end < 0 ? '' : rest.slice(0, end);
}

/** Why a text is not a valid condition expression; undefined if it is one. */
export function expressionProblem(expression: string): string | undefined {
  const { valid, type, error } = environment.check(expression);
  // The package limits the nesting of parentheses, calls and lists, but not of `!` and `-`.
  if (!valid) return error?.message.includes('call stack') ? 'it is nested too deep' : error?.message;
  return type === 'bool' || type === 'dyn' ? undefined : `it is ${type}, not bool`;
}

/** A condition that cannot be evaluated does not hold. */
export function holds(expression: string, { resource, time }: Circumstances): boolean {
  try {
    const value: unknown = environment.evaluate(expression, {
      request: { time: new Date(time) },
      resource: { name: resource, type: 'run.googleapis.com/Job', service: 'run.googleapis.com' },
    });
    return value === true;
  } catch {
    return false;
  }
}
