import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Problem } from '../errors.js';
import { nearest } from '../names.js';
import { camelCase, formatPath, type Path } from '../path.js';
import type { Field, Infer, Message } from '../schema/field.js';
import { durationSeconds } from '../time.js';
import type { SourceDocument } from './source.js';

/**
 * A document as a message of the schema, by the rules of proto3 JSON: field names in lowerCamelCase or snake_case,
 * null is unset, 64-bit integers may be strings, nothing unknown. Output-only fields are dropped, as the API does.
 * What does not fit is reported, all of it, and left out of the value.
 * @throws TooLarge
 */
export function decode<M extends Message>(
  source: SourceDocument,
  message: M,
): { value: Infer<M>; problems: Problem[] } {
  const decoder = new Decoder(source);
  const value = decoder.message(source.root, message, []);
  return { value: value as Infer<M>, problems: decoder.problems };
}

type Json = string | number | boolean | Json[] | { [key: string]: Json };

class Decoder {
  readonly problems: Problem[] = [];
  readonly #source: SourceDocument;

  constructor(source: SourceDocument) {
    this.#source = source;
  }

  #report(at: Path, node: Node | null, message: string, fix?: string): undefined {
    const location = this.#source.location(node);
    this.problems.push({ path: formatPath(at), message, location, fix, severity: 'error' });
    return undefined;
  }

  message(node: Node | null, message: Message, at: Path): Json | undefined {
    const target = this.#source.resolve(node);
    if (!isMap(target)) return this.#report(at, node, `must be a mapping, got ${describe(target)}`);
    const value: { [key: string]: Json } = {};
    const set = new Set<string>();
    for (const { key, keyNode, value: valueNode } of this.#source.entries(target, at.length)) {
      const name = Object.hasOwn(message.fields, key) ? key : camelCase(key);
      const field = Object.hasOwn(message.fields, name) ? message.fields[name] : undefined;
      const path = [...at, key];
      if (!field) {
        const known = nearest(key, Object.keys(message.fields));
        this.#report(path, keyNode, `unknown field of ${message.name}`, known && `did you mean ${known}?`);
      } else if (set.has(name)) {
        this.#report(path, keyNode, `is set twice (as ${name} and ${key})`, 'keep one of the two');
      } else if (!field.output && !isNull(this.#source.resolve(valueNode))) {
        set.add(name);
        const decoded = this.#field(valueNode, field, path);
        if (decoded !== undefined) value[name] = decoded;
      }
    }
    for (const [name, field] of Object.entries(message.fields)) {
      if (field.required && !field.output && !set.has(name)) {
        this.#report([...at, name], target, 'is required and missing', `add ${name} (${field.doc})`);
      }
    }
    for (const oneof of message.oneofs ?? []) {
      const both = oneof.filter((name) => set.has(name));
      if (both.length > 1)
        this.#report(at, target, `at most one of ${oneof.join(', ')} may be set, got ${both.join(' and ')}`);
    }
    return value;
  }

  #field(node: Node | null, field: Field, at: Path): Json | undefined {
    switch (field.kind) {
      case 'message':
        return this.message(node, field.message, at);
      case 'list': {
        const items = this.#source.items(node, at.length);
        if (!items) return this.#report(at, node, `must be a list, got ${describe(this.#source.resolve(node))}`);
        return items.flatMap((item, i) => this.#field(item, field.of, [...at, i]) ?? []);
      }
      case 'map': {
        const target = this.#source.resolve(node);
        if (!isMap(target)) return this.#report(at, node, `must be a mapping, got ${describe(target)}`);
        const value: { [key: string]: Json } = {};
        for (const entry of this.#source.entries(target, at.length)) {
          const of = field.of ?? { kind: 'string', doc: '' };
          const item = this.#field(entry.value ?? entry.keyNode, of, [...at, entry.key]);
          if (item !== undefined)
            Object.defineProperty(value, entry.key, {
              value: item,
              enumerable: true,
              configurable: true,
              writable: true,
            });
        }
        return value;
      }
      default:
        return this.#scalar(node, field, at);
    }
  }

  #scalar(node: Node | null, field: Exclude<Field, { kind: 'message' | 'list' | 'map' }>, at: Path): Json | undefined {
    const target = this.#source.resolve(node);
    const value: unknown = isScalar(target) ? target.value : undefined;
    const wrong = (expected: string, fix?: string): undefined =>
      this.#report(at, node, `must be ${expected}, got ${describe(target)}`, fix);
    switch (field.kind) {
      case 'string':
      case 'timestamp':
        if (typeof value === 'string') return value;
        if (field.orNumber && typeof value === 'number') return String(value);
        return wrong('a string', isScalar(target) ? `quote it: ${JSON.stringify(target.source ?? '')}` : undefined);
      case 'bool':
        return typeof value === 'boolean' ? value : wrong('true or false');
      case 'int32': {
        const number = asInteger(value);
        if (number === undefined || Math.abs(Number(number)) > 2 ** 31 - 1) return wrong('a whole number');
        return Number(number);
      }
      case 'int64': {
        const number = asInteger(value);
        return number === undefined ? wrong('a whole number') : String(number);
      }
      case 'duration':
        if (typeof value === 'string' && durationSeconds(value) !== undefined) return value;
        return wrong('a duration in seconds', 'it ends in s, e.g. "600s"');
      case 'enum': {
        const name =
          typeof value === 'number' ? Object.keys(field.values).find((n) => field.values[n] === value) : value;
        if (typeof name === 'string' && Object.hasOwn(field.values, name)) return name;
        const known = nearest(String(value), Object.keys(field.values));
        return wrong(`one of ${Object.keys(field.values).join(', ')}`, known && `did you mean ${known}?`);
      }
    }
  }
}

function asInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

const isNull = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null);

function describe(node: Node | null): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return 'nothing';
  const text = JSON.stringify(node.value) ?? 'something else';
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return typeof node.value === 'string' ? shown : `${typeof node.value} ${shown}`;
}
