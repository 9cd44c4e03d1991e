import { StatusError } from '../../model/errors.js';
import { camelCase, snakeCase } from '../../model/field-path.js';
import { ownProperty } from '../../model/own-property.js';
import type { Field, Message } from '../../model/schema/field.js';
import { readScalar } from '../../model/spec/scalars.js';
import type { Enums } from '../proto-json.js';

/** What the standard parameters of Google's APIs say about an answer. */
export interface AnswerOptions {
  enums: Enums;
  pretty: boolean;
  /** The mask of fields to return. */
  fields: string | undefined;
}

/** Standard parameters that change nothing here; those of tokens are read by the guard. */
const accepted = new Set([
  'key',
  'quotaUser',
  'access_token',
  'oauth_token',
  'uploadType',
  'upload_protocol',
  '$.xgafv',
]);

const refused = (description: string, field = ''): StatusError =>
  new StatusError('INVALID_ARGUMENT', description, { fieldViolations: [{ field, description }] });

/**
 * Reads the parameters of a request: those of every method, and the others into the fields of `request`.
 * @throws StatusError INVALID_ARGUMENT with all that is wrong
 */
export function readQuery(query: URLSearchParams, message: Message, request: object): AnswerOptions {
  const options: AnswerOptions = { enums: 'names', pretty: true, fields: undefined };
  const wrong: { field: string; description: string }[] = [];
  for (const [name, value] of query) {
    const standard = name.startsWith('$') && name !== '$.xgafv' ? name.slice(1) : name;
    if (accepted.has(standard)) continue;
    try {
      if (standard === 'alt') options.enums = enumsOf(value);
      else if (standard === 'prettyPrint') options.pretty = boolean(name, value);
      else if (standard === 'fields') options.fields = value;
      else assign(name, value, message, request as Record<string, unknown>);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      wrong.push(...error.fieldViolations);
    }
  }
  const [first] = wrong;
  if (first) throw new StatusError('INVALID_ARGUMENT', first.description, { fieldViolations: wrong });
  return options;
}

/** `json`, or `json;enum-encoding=int`. */
function enumsOf(value: string): Enums {
  const [format, ...parameters] = value.split(';');
  if (format === 'json' && parameters.every((parameter) => /^enum-encoding=(int|string)$/.test(parameter))) {
    return parameters.includes('enum-encoding=int') ? 'numbers' : 'names';
  }
  throw refused(`Invalid value at 'alt' (TYPE_STRING), ${JSON.stringify(value)}: only json is supported.`, 'alt');
}

function boolean(name: string, value: string): boolean {
  if (/^(true|1)$/i.test(value)) return true;
  if (/^(false|0)$/i.test(value)) return false;
  throw refused(`Invalid value at '${name}' (TYPE_BOOL), ${JSON.stringify(value)}`, name);
}

/** Sets the field that a parameter names, which may be inside messages: `options.requestedPolicyVersion`. */
function assign(name: string, text: string, message: Message, request: Record<string, unknown>): void {
  let target = request;
  let inside: Message | undefined = message;
  const path: string[] = [];
  const steps = name.split('.');
  for (const [i, step] of steps.entries()) {
    const fields: Readonly<Record<string, Field>> = inside?.fields ?? {};
    const spelled: string = Object.hasOwn(fields, step) ? step : camelCase(step);
    const field: Field | undefined = ownProperty(fields, spelled);
    if (!field) throw unbound(name);
    path.push(snakeCase(spelled));
    if (i === steps.length - 1) set(target, spelled, field, text, path.join('.'), name);
    inside = field.kind === 'message' ? field.message : undefined;
    target = (target[spelled] ??= {}) as Record<string, unknown>;
  }
}

const unbound = (name: string): StatusError =>
  refused(
    `Invalid JSON payload received. Unknown name ${JSON.stringify(name)}: Cannot bind query parameter. Field '${name}' could not be found in request message.`,
  );

function set(target: Record<string, unknown>, key: string, field: Field, text: string, at: string, name: string): void {
  if (field.kind === 'list') {
    const items = (target[key] ??= []) as unknown[];
    items.push(scalar(field.of, text, at, name));
  } else target[key] = scalar(field, text, at, name);
}

function scalar(field: Field, text: string, at: string, name: string): unknown {
  if (field.kind === 'message' || field.kind === 'map' || field.kind === 'list' || field.kind === 'any')
    throw unbound(name);
  if (field.kind === 'bool') return boolean(at, text);
  const value = field.kind === 'enum' && /^\d+$/.test(text) ? Number(text) : text;
  const read = readScalar({ value, plain: undefined, reader: 'proto' }, field);
  if ('value' in read) return read.value;
  throw refused(read.payload.replace('%s', at), at);
}
