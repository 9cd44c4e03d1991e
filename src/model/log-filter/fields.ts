import type { StatusError } from '../errors.js';
import type { LogEntry } from '../log-entry.js';
import { camelCase } from '../field-path.js';

export type Test = (entry: LogEntry) => boolean;

/** Makes an error from a problem with a part of a filter. */
export type Wrong = (problem: string, fix?: string) => StatusError;

/** A value in a filter. `*` and NULL_VALUE have a meaning only without quotes. */
export interface Literal {
  text: string;
  quoted: boolean;
}

/** The fields of google.logging.v2.LogEntry that a query may name, with their values if unset. */
const fields: Readonly<Record<string, unknown>> = {
  errorGroups: undefined,
  httpRequest: undefined,
  insertId: '',
  jsonPayload: undefined,
  labels: undefined,
  logName: '',
  operation: undefined,
  protoPayload: undefined,
  receiveTimestamp: undefined,
  resource: undefined,
  severity: 'DEFAULT',
  sourceLocation: undefined,
  spanId: '',
  split: undefined,
  textPayload: undefined,
  timestamp: undefined,
  trace: '',
  traceSampled: false,
};

/**
 * A path whose first step is the name of a field, in snake_case or camelCase and in any case. @throws StatusError
 * INVALID_ARGUMENT
 */
export function fieldOf([first = '', ...rest]: readonly string[], wrong: Wrong): readonly string[] {
  const name = Object.keys(fields).find((field) => field.toLowerCase() === camelCase(first).toLowerCase());
  if (name !== undefined) return [name, ...rest];
  throw wrong(`a log entry has no field ${first}`, `its fields are ${Object.keys(fields).join(', ')}`);
}

export const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** The values of an entry at a path, descending into each item of lists on the way. */
export const setAt = (entry: LogEntry, path: readonly string[]): unknown[] => dig(entry, path);

/** The same; a field of the entry itself that is not set has its default value. */
export function valuesAt(entry: LogEntry, path: readonly string[]): unknown[] {
  const values = dig(entry, path);
  const fallback = path.length === 1 ? fields[path[0] ?? ''] : undefined;
  return values.length > 0 || fallback === undefined ? values : [fallback];
}

function dig(value: unknown, path: readonly string[]): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item) => dig(item, path));
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  return isMap(value) && Object.hasOwn(value, step) ? dig(value[step], rest) : [];
}
