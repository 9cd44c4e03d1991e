import type { StatusError } from '../errors.js';
import type { LogEntry } from '../log-entry.js';
import { camelCase } from '../field-path.js';

export type Test = (entry: LogEntry) => boolean;

/** Makes an error of what is wrong with a part of a filter. */
export type Wrong = (problem: string, fix?: string) => StatusError;

/** A value as a filter has it; `*` and NULL_VALUE mean something without quotes only. */
export interface Literal {
  text: string;
  quoted: boolean;
}

/** The fields of google.logging.v2.LogEntry that a query may name, with what is there where nothing is. */
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

/** A path whose first step is the name of a field; that may be in snake_case and in any case. @throws StatusError INVALID_ARGUMENT */
export function fieldOf([first = '', ...rest]: readonly string[], wrong: Wrong): readonly string[] {
  const name = Object.keys(fields).find((field) => field.toLowerCase() === camelCase(first).toLowerCase());
  if (name !== undefined) return [name, ...rest];
  throw wrong(`a log entry has no field ${first}`, `its fields are ${Object.keys(fields).join(', ')}`);
}

export const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What an entry has at a path, looking into each item of the lists on the way. */
export const setAt = (entry: LogEntry, path: readonly string[]): unknown[] => dig(entry, path);

/** The same; a field of the entry itself that is not set has its default. */
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
