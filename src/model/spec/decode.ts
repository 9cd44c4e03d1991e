import type { Node } from 'yaml';
import type { Location } from '../errors.js';
import { nearest } from '../names.js';
import { camelCase, type FieldPath, snakeCase } from '../field-path.js';
import type { Field, Infer, ListField, MapField, Message } from '../schema/field.js';
import type { RuleId } from '../validation/rules.js';
import type { Violation } from '../validation/violation.js';
import { foreignField } from './foreign-fields.js';
import { protoType, readScalar, shown } from './scalars.js';

/** A violation with its position in a file, and the path as spelled there. */
export interface LocatedViolation<N = Node> extends Violation {
  location: Location;
  written: FieldPath;
  /** The intended value is obvious, and was used. */
  guessed?: true;
  /** The value concerned. */
  node?: N | null;
}

/** A scalar as it is read, as its text, and whether that is plain: neither quoted nor tagged. */
export interface ReadScalar {
  value: unknown;
  text: string;
  plain: boolean;
}

/** A document as the decoder sees it. `N` is a value in it, wherever that may come from. */
export interface Source<N> {
  readonly root: N | null;
  /** What an alias stands for; anything else itself. */
  resolve(node: N | null): N | null;
  kind(node: N | null): 'map' | 'list' | 'scalar' | undefined;
  /** @throws TooLarge */
  entries(
    node: N | null,
    depth: number,
  ): readonly { key: string; keyNode: N; value: N | null; written?: FieldPath | undefined }[];
  /** Undefined if the value is no list. @throws TooLarge */
  items(node: N | null, depth: number): readonly (N | null)[] | undefined;
  isNull(node: N | null): boolean;
  /** Undefined if the value is no scalar. */
  scalar(node: N | null): ReadScalar | undefined;
  location(node: NoInfer<N> | null): Location;
}

/** What is said of a required field that is missing, unless the API has words for it. */
export const missing = 'is required and missing';

/** For how many problems to look for the name that was meant. */
const mostGuesses = 100;

/**
 * Decodes a document as a message of the schema. `proto` follows proto3 JSON: field names in lowerCamelCase or
 * snake_case, null means unset, 64-bit integers may be strings. `gcloud` follows what `gcloud run jobs replace` does
 * with YAML. Output-only fields are dropped, as by the API. Everything that does not fit is reported. Missing required
 * fields are filled with empty values, so that the rest can be validated.
 * @throws TooLarge
 */
export function decode<M extends Message, N>(
  source: Source<N>,
  message: M,
  reader: 'proto' | 'gcloud',
): { value: Infer<M>; found: LocatedViolation<N>[] } {
  const decoder = new Decoder(source, reader);
  const value = decoder.message(source.root, message, { path: [], written: [] });
  return { value: value as Infer<M>, found: decoder.found };
}

type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** A place, by its names in the schema and as spelled in the file. */
interface At {
  path: FieldPath;
  written: FieldPath;
}
const inside = ({ path, written }: At, name: string | number, spelled = name): At => ({
  path: [...path, name],
  written: [...written, spelled],
});

type ViolationDetails = Pick<LocatedViolation, 'fix' | 'payload' | 'guessed'>;

/** The items of a list that was written as one line, as for a shell. */
const words = (line: string): string =>
  /[|&;<>$`"'()]/.test(line) && /\s/.test(line)
    ? `sh, -c, ${JSON.stringify(line)}`
    : line.trim().split(/\s+/).join(', ');

class Decoder<N> {
  readonly found: LocatedViolation<N>[] = [];
  readonly #source: Source<N>;
  readonly #reader: 'proto' | 'gcloud';

  constructor(source: Source<N>, reader: 'proto' | 'gcloud') {
    this.#source = source;
    this.#reader = reader;
  }

  #report(
    { path, written }: At,
    node: N | null,
    rule: RuleId,
    description: string,
    details: ViolationDetails = {},
  ): void {
    this.found.push({ path, written, rule, description, node, location: this.#source.location(node), ...details });
  }

  #wrongType(at: At, node: N | null, expected: string, field: Field | Message, fix?: string): void {
    const type = 'kind' in field ? protoType(field) : protoType({ kind: 'message', message: field, doc: '' });
    const scalar = this.#source.scalar(node);
    const value = scalar ? shown(scalar.value) : this.#source.kind(node) === 'list' ? '[…]' : '{…}';
    this.#report(at, node, 'type', `must be ${expected}, got ${this.#describe(node)}`, {
      fix,
      payload: { at: at.path, text: `Invalid value at '%s' (${type}), ${value}` },
    });
  }

  message(node: N | null, message: Message, at: At): Json {
    const isMap = this.#source.kind(node) === 'map';
    const value: { [key: string]: Json } = {};
    const seen = new Map<string, string>();
    const set = new Map<string, string>();
    if (isMap) {
      for (const { key, keyNode, value: valueNode, written } of this.#source.entries(node, at.path.length)) {
        const name = this.#nameOf(key, message);
        const field = name === undefined ? undefined : message.fields[name];
        const here = { ...inside(at, name ?? key, key), ...(written && { written }) };
        const first = name === undefined ? undefined : seen.get(name);
        if (name !== undefined) seen.set(name, key);
        if (name === undefined || !field) this.#unknown(here, keyNode, key, message);
        else if (first !== undefined) this.#twice(here, keyNode, key, first);
        else if (!field.output && !this.#source.isNull(valueNode)) {
          set.set(name, key);
          const decoded = this.#field(valueNode, field, here);
          if (decoded !== undefined) value[name] = decoded;
          this.#checkMarks(field, decoded, here, keyNode);
        }
      }
      this.#checkOneofs(message, set, at, node);
    } else this.#wrongType(at, node, 'a mapping', message);
    for (const [name, field] of Object.entries(message.fields)) {
      if (!field.required || field.output || value[name] !== undefined) continue;
      if (isMap && !set.has(name) && field.unset === undefined) {
        this.#report(inside(at, name), this.#source.resolve(node), 'required', field.missing ?? missing, {
          fix: `add ${name}${field.doc && ` (${field.doc.replace(/\.$/, '')})`}`,
        });
      }
      const empty = this.#empty(field);
      if (empty !== undefined) value[name] = empty;
    }
    return value;
  }

  /** The field that a key names, if any. gcloud accepts only the declared spelling. */
  #nameOf(key: string, message: Message): string | undefined {
    const names = this.#reader === 'gcloud' ? [key] : [key, camelCase(key)];
    return names.find((name) => Object.hasOwn(message.fields, name));
  }

  #unknown(here: At, keyNode: N | null, key: string, message: Message): void {
    const known = this.#guess(key, Object.keys(message.fields));
    const parent = here.path.slice(0, -1);
    const meant = known === undefined ? here : { path: [...parent, known], written: here.written };
    this.#report(meant, keyNode, 'unknown-field', `unknown field of ${message.name.split('.').at(-1)}`, {
      fix: known && `did you mean ${known}?`,
      payload: {
        at: parent,
        text: `Invalid JSON payload received. Unknown name ${JSON.stringify(key)} at '%s': Cannot find field.`,
      },
    });
  }

  /** The name that was meant. Left out where there are many problems. */
  #guess(word: string, known: readonly string[]): string | undefined {
    return this.found.length < mostGuesses ? nearest(word, known) : undefined;
  }

  #twice(here: At, keyNode: N | null, key: string, first: string): void {
    const how = first === key ? 'is set twice' : `is set twice (as ${first} and ${key})`;
    this.#report(here, keyNode, 'duplicate-field', how, { fix: 'keep one of the two' });
  }

  #checkOneofs(message: Message, set: ReadonlyMap<string, string>, at: At, node: N | null): void {
    for (const [oneof, names] of Object.entries(message.oneofs ?? {})) {
      const [first, second] = [...set.keys()].filter((name) => names.includes(name));
      if (first === undefined || second === undefined) continue;
      const both = `at most one of ${names.join(', ')} may be set, got ${set.get(first)} and ${set.get(second)}`;
      const taken = `oneof field '${snakeCase(oneof)}' is already set. Cannot set '${second}'`;
      this.#report(at, node, 'oneof', both, {
        payload: { at: at.path, text: `Invalid value at '%s' (oneof), ${taken}` },
      });
    }
  }

  #checkMarks(field: Field, value: Json | undefined, here: At, keyNode: N | null): void {
    const { refused, ignored } = field;
    if (refused === undefined && ignored === undefined) return;
    const neutral = value === undefined || value === '' || value === false || field.neutral?.some((n) => n === value);
    if (neutral || (typeof value === 'object' && Object.keys(value).length === 0)) return;
    if (refused !== undefined) {
      const fix = foreignField(String(here.path.at(-1))).say ?? 'remove it';
      this.#report(here, keyNode, 'unsupported', refused, { fix });
    } else this.#report(here, keyNode, 'ignored', `has no effect: ${ignored}`);
  }

  /** The meaning of a required field that is missing or empty. */
  #empty(field: Field): Json | undefined {
    if (field.kind === 'list') return [];
    if (field.kind === 'string') return '';
    if (field.kind !== 'message') return undefined;
    const required = Object.entries(field.message.fields).filter(([, inner]) => inner.required && !inner.output);
    return Object.fromEntries(required.map(([name, inner]) => [name, this.#empty(inner) ?? '']));
  }

  #field(node: N | null, field: Field, at: At): Json | undefined {
    switch (field.kind) {
      case 'message':
        return field.orString && this.#source.kind(node) === 'scalar'
          ? this.#scalar(node, { kind: 'string', doc: '' }, at)
          : this.message(node, field.message, at);
      case 'list':
        return this.#list(node, field, at);
      case 'map':
        return this.#map(node, field, at);
      case 'any':
        // Only the service writes these.
        return undefined;
      default:
        return this.#scalar(node, field, at);
    }
  }

  #list(node: N | null, field: ListField, at: At): Json[] {
    const items = this.#source.items(node, at.path.length);
    if (!items) {
      // gcloud accepts a single value in place of a list of one.
      const kind = this.#source.kind(node);
      const fits = kind === (field.of.kind === 'message' ? 'map' : 'scalar');
      const text = this.#source.scalar(node)?.text;
      const fix = text ? `write it as a list: [${words(text)}]` : 'write it as a list';
      if (this.#reader !== 'gcloud' || !fits) {
        this.#wrongType(at, node, 'a list', field.of, fits ? fix : undefined);
        return [];
      }
      this.#report(at, this.#source.resolve(node), 'single-item', 'is not a list; gcloud reads it as a list of one', {
        fix,
      });
      return [this.#field(node, field.of, at) ?? ''];
    }
    const values: Json[] = [];
    for (const [i, item] of items.entries()) {
      const here = inside(at, values.length, i);
      if (!this.#source.isNull(item)) values.push(this.#field(item, field.of, here) ?? '');
      else if (this.#reader === 'gcloud')
        this.#wrongType(here, item ?? this.#source.resolve(node), this.#nounOf(field.of), field.of);
      else
        this.#report(here, item ?? this.#source.resolve(node), 'null-item', 'is null and is left out', {
          fix: 'remove it',
        });
    }
    return values;
  }

  #nounOf(field: Field): string {
    return field.kind === 'message' ? 'a mapping' : `a ${field.kind}`;
  }

  #map(node: N | null, { of = { kind: 'string', doc: '' } }: MapField, at: At): Json {
    const value: { [key: string]: Json } = {};
    if (this.#source.kind(node) !== 'map') {
      this.#wrongType(at, node, 'a mapping', { kind: 'map', doc: '' });
      return value;
    }
    const keys = new Set<string>();
    for (const { key, keyNode, value: valueNode, written } of this.#source.entries(node, at.path.length)) {
      const here = { ...inside(at, key), ...(written && { written }) };
      this.#checkKey(here, keyNode, key);
      if (keys.has(key)) {
        this.#twice(here, keyNode, key, key);
        continue;
      }
      keys.add(key);
      const item =
        of.kind === 'string'
          ? (this.#scalar(valueNode ?? keyNode, of, here, valueNode === null) ?? '')
          : this.#field(valueNode ?? keyNode, of, here);
      if (item === undefined) continue;
      // Not by assignment, because __proto__ is a key like any other.
      Object.defineProperty(value, key, { value: item, enumerable: true, configurable: true, writable: true });
    }
    return value;
  }

  /** In YAML 1.1 a key such as `on` is not text, and gcloud sends it as it reads it. */
  #checkKey(here: At, keyNode: N | null, key: string): void {
    const read = this.#source.scalar(keyNode)?.value;
    if (
      read === key ||
      (this.#reader === 'proto' && this.#source.kind(keyNode)) ||
      (typeof read === 'number' && String(read) === key)
    )
      return;
    this.#report(here, keyNode, 'map-key', `the key ${key || 'null'} is not text: gcloud reads it as ${shown(read)}`, {
      fix: `quote it: ${JSON.stringify(key)}`,
    });
  }

  #scalar(node: N | null, field: Field, at: At, absent = false): Json | undefined {
    const scalar = absent ? undefined : this.#source.scalar(node);
    if (!scalar) {
      this.#wrongType(at, node, this.#nounOf(field), field);
      return undefined;
    }
    const plain = scalar.plain ? scalar.text : undefined;
    const read = readScalar({ value: scalar.value, plain, reader: this.#reader }, field);
    if ('value' in read) {
      if (read.odd) this.#report(at, node, read.odd.rule, read.odd.message, { fix: read.odd.fix });
      return read.value;
    }
    const { expected, rule, payload } = read;
    const near = field.kind === 'enum' ? this.#guess(scalar.text, Object.keys(field.values)) : undefined;
    this.#report(at, node, rule, `must be ${expected}, got ${this.#describe(node)}`, {
      fix: near === undefined ? read.fix : `did you mean ${near}?`,
      payload: { at: at.path, text: payload },
      ...(field.kind === 'string' && plain !== undefined && { guessed: true }),
    });
    return field.kind === 'string' ? (plain ?? '') : undefined;
  }

  #describe(node: N | null): string {
    const kind = this.#source.kind(node);
    if (kind === 'map') return 'a mapping';
    if (kind === 'list') return 'a list';
    const { value = null, text = '' } = this.#source.scalar(node) ?? {};
    if (value === null) return 'nothing';
    if (typeof value === 'string') return shown(value);
    const type = value instanceof Date ? 'date' : typeof value;
    return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) || text === `${value as boolean}` || value instanceof Date
      ? `the ${type} ${text}`
      : `${text}, which is the ${type} ${value as boolean}`;
  }
}
