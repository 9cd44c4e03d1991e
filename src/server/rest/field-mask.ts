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
 * Reads the parameter `fields`: `jobs(name,template/template),nextPageToken`, with `/` or `.` between levels, and `*` for
 * all fields of a level. Returns what selects these parts of an answer, so that a request with a wrong mask does nothing.
 * @throws StatusError INVALID_ARGUMENT for what is no mask, and for a field that the message does not have
 */
export function selection(fields: string, message: Message): (answer: object) => object {
  const mask = parse(fields);
  check(mask, message, '');
  return (answer) => keptMessage(answer as Record<string, unknown>, message, mask);
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

const keyOf = (name: string, { fields }: Message): string => (Object.hasOwn(fields, name) ? name : camelCase(name));

/** What is below a `*` is not checked: it is for those fields that have it. */
function check(mask: Mask, message: Message, at: string): void {
  for (const [name, inner] of mask) {
    if (name === '*') continue;
    const key = keyOf(name, message);
    const path = at === '' ? key : `${at}.${key}`;
    let field = ownProperty(message.fields, key);
    if (!field) throw refused('', path);
    if (!inner) continue;
    while (field.kind === 'list') field = field.of;
    if (field.kind === 'message') check(inner, field.message, path);
    else if (field.kind !== 'map' && field.kind !== 'any') throw refused('', path);
  }
}

function kept(value: unknown, field: Field, mask: Mask): unknown {
  switch (field.kind) {
    case 'list':
      return (value as unknown[]).map((item) => kept(item, field.of, mask)).filter((item) => item !== undefined);
    case 'message':
      return keptMessage(value as Record<string, unknown>, field.message, mask);
    case 'map':
    case 'any':
      return keptEntries(value as Record<string, unknown>, mask);
    default:
      return undefined;
  }
}

function keptMessage(value: Record<string, unknown>, message: Message, mask: Mask): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, inner] of mask) {
    const keys = name === '*' ? Object.keys(message.fields) : [keyOf(name, message)];
    for (const key of keys) {
      const field = ownProperty(message.fields, key);
      const part = value[key];
      if (field && part !== undefined) result[key] = inner ? kept(part, field, inner) : part;
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
