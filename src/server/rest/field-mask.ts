import { StatusError } from '../../model/errors.js';
import { camelCase } from '../../model/field-path.js';
import { ownProperty } from '../../model/own-property.js';
import type { Field, Message } from '../../model/schema/field.js';

/** The fields to keep, by name; undefined: all of what is there. */
type Mask = Map<string, Mask | undefined>;

const refused = (fields: string, at?: string): StatusError => {
  const description =
    at === undefined
      ? `Error expanding 'fields' parameter. Invalid field mask ${JSON.stringify(fields.slice(0, 200))}.`
      : `Error expanding 'fields' parameter. Cannot find matching fields for path '${at}'.`;
  return new StatusError('INVALID_ARGUMENT', description, { fieldViolations: [{ field: 'fields', description }] });
};

/**
 * The parts of an answer that the parameter `fields` names: `jobs(name,template/template),nextPageToken`, with `/` or `.`
 * between levels, and `*` for all fields of a level.
 * @throws StatusError INVALID_ARGUMENT for what is no mask, and for a field that the message does not have
 */
export function selected(answer: object, message: Message, fields: string): object {
  const mask = parse(fields);
  return keptMessage(answer as Record<string, unknown>, { kind: 'message', message, doc: '' }, mask, '');
}

/** The deepest nesting of a mask; no answer has as much. */
const maxDepth = 32;

function parse(text: string): Mask {
  const tokens = text.match(/[(),/.]|[^(),/.\s]+/g) ?? [];
  let at = 0;
  const list = (depth: number): Mask => {
    const mask: Mask = new Map();
    for (;;) {
      path(mask, depth);
      if (tokens[at] !== ',') return mask;
      at++;
    }
  };
  const path = (mask: Mask, depth: number): void => {
    const name = tokens[at++];
    if (name === undefined || /^[(),/.]$/.test(name) || depth > maxDepth) throw refused(text);
    const next = tokens[at];
    const inner: Mask = new Map();
    if (next === '/' || next === '.') {
      at++;
      path(inner, depth + 1);
    } else if (next === '(') {
      at++;
      merge(inner, list(depth + 1));
      if (tokens[at++] !== ')') throw refused(text);
    }
    merge(mask, new Map([[name, inner.size > 0 ? inner : undefined]]));
  };
  const mask = list(0);
  if (at < tokens.length) throw refused(text);
  return mask;
}

/** Adds to a mask what another one has. */
function merge(into: Mask, from: Mask): void {
  for (const [name, inner] of from) {
    const own = into.get(name);
    if (!into.has(name)) into.set(name, inner);
    else if (own && inner) merge(own, inner);
    else into.set(name, undefined);
  }
}

function kept(value: unknown, field: Field, mask: Mask, at: string): unknown {
  switch (field.kind) {
    case 'list':
      return (value as unknown[]).map((item) => kept(item, field.of, mask, at));
    case 'message':
      return keptMessage(value as Record<string, unknown>, field, mask, at);
    case 'map':
    case 'any':
      return keptEntries(value as Record<string, unknown>, mask);
    default:
      throw refused('', at);
  }
}

function keptMessage(
  value: Record<string, unknown>,
  { message: { fields } }: Extract<Field, { kind: 'message' }>,
  mask: Mask,
  at: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, inner] of mask) {
    const names = name === '*' ? Object.keys(fields) : [Object.hasOwn(fields, name) ? name : camelCase(name)];
    for (const key of names) {
      const field = ownProperty(fields, key);
      const path = at === '' ? key : `${at}.${key}`;
      if (!field) throw refused('', path);
      if (value[key] !== undefined) result[key] = inner ? kept(value[key], field, inner, path) : value[key];
    }
  }
  return result;
}

/** Of a map, or of a resource within an operation, whose fields are not checked. */
function keptEntries(value: Record<string, unknown>, mask: Mask): Record<string, unknown> {
  if (mask.has('*')) return value;
  const entries = [...mask].flatMap(([name, inner]) => {
    const part = value[name];
    if (!Object.hasOwn(value, name)) return [];
    const deep = inner && typeof part === 'object' && part !== null && !Array.isArray(part);
    return [[name, deep ? keptEntries(part as Record<string, unknown>, inner) : part] as const];
  });
  return Object.fromEntries(entries);
}
