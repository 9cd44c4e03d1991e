import { camelCase } from '../../../model/field-path.js';
import { Scanner } from '../../../model/scanner.js';

/** A step into a resource: a field, an item of a list (from its end, if negative), or all items. */
export type Step = string | number | typeof all;
export const all = Symbol('[]');

/** A function that changes the value at a key: `basename()`. */
export interface Call {
  name: string;
  args: readonly string[];
  named: Readonly<Record<string, string>>;
}

/** A key of a projection, a filter or an order: `metadata.name.basename():label=JOB`. */
export interface Key {
  path: readonly Step[];
  calls: readonly Call[];
  /** `true` for an attribute without a value. */
  attributes: Readonly<Record<string, string | true>>;
}

/** Reads gcloud's notation of keys. */
export class KeyReader extends Scanner {
  /**
   * Comma-separated keys, up to `end`. A key can begin with the alias or the label of an earlier key or of one of
   * `columns`. A key that is a column inherits its label and its functions, unless it has its own.
   */
  keys(end: string, columns: readonly Key[] = []): Key[] {
    const keys: Key[] = [];
    const aliases = new Map<Step, Key>();
    const known = new Map<string, Key>();
    const remember = (key: Key): void => {
      for (const name of [key.attributes['alias'], key.attributes['label']]) {
        if (typeof name === 'string' && name) aliases.set(name, key);
      }
    };
    for (const column of columns) {
      remember(column);
      known.set(nameOf(column.path), column);
    }
    this.space();
    if (this.take(end)) return keys;
    for (;;) {
      const own = withAlias(this.key(), aliases);
      const column = known.get(nameOf(own.path));
      const key = column
        ? {
            ...own,
            calls: own.calls.length > 0 ? own.calls : column.calls,
            attributes: { ...column.attributes, ...own.attributes },
          }
        : own;
      keys.push(key);
      remember(key);
      this.space();
      if (this.take(end)) return keys;
      this.expect(',');
    }
  }

  key(): Key {
    const path: Step[] = [];
    const calls: Call[] = [];
    this.space();
    if (this.match(/\.(?=\s*(?:[:,)]|$))/) !== undefined) return { path, calls, attributes: this.#keyAttributes() };
    for (let first = true; ; first = false) {
      if (!first && !this.take('.')) break;
      const depth = this.match(/\*+(?=\w)/)?.length;
      if (depth !== undefined) calls.push({ name: 'map', args: [String(depth)], named: {} });
      const name = this.word(/[\w/-]+/);
      if (name === undefined && !(first && this.text[this.at] === '[')) throw this.wrong('expected a key');
      if (name !== undefined && this.take('(')) {
        calls.push({ name, ...this.#args() });
        continue;
      }
      if (calls.length > 0) throw this.wrong('expected a function');
      if (name !== undefined) path.push(name);
      while (this.take('[')) {
        path.push(this.#index());
        this.expect(']');
      }
    }
    return { path, calls, attributes: this.#keyAttributes() };
  }

  #index(): Step {
    const text = this.word(/[^\]]+/)?.trim();
    if (text === undefined || text === '') return all;
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }

  #keyAttributes(): Key['attributes'] {
    const attributes = this.attributes(':');
    for (const [name, value] of Object.entries(attributes)) {
      const kind = keyAttributes[name.replace(/^no-/, '') as keyof typeof keyAttributes] as string | undefined;
      if (kind === undefined) throw this.wrong(`unknown attribute ${name}`);
      if (kind === 'value' && value === true) throw this.wrong(`attribute ${name} needs a value`);
      if (kind === 'flag' && value !== true) throw this.wrong(`attribute ${name} does not accept a value`);
      if (name === 'align' && !['left', 'center', 'right'].includes(String(value))) {
        throw this.wrong('align must be left, center or right');
      }
    }
    return attributes;
  }

  #args(): Omit<Call, 'name'> {
    const args: string[] = [];
    const named: Record<string, string> = {};
    this.space();
    if (this.take(')')) return { args, named };
    for (;;) {
      this.space();
      const name = this.match(/\w+(?==)/);
      if (name !== undefined) this.take('=');
      const value = this.#argument();
      if (name === undefined) args.push(value);
      else named[name] = value;
      this.space();
      if (this.take(')')) return { args, named };
      this.expect(',');
    }
  }

  /** Trailing spaces count only in quotes. */
  #argument(): string {
    const quoted = /["']/.test(this.text[this.at] ?? '');
    const text = this.word(/(?:[^,()]|\((?:[^()]|\([^()]*\))*\))*/) ?? '';
    return quoted ? text : text.trimEnd();
  }

  /** `:label=JOB:sort=1`, or separated by commas. */
  attributes(separator: string): Record<string, string | true> {
    const attributes: Record<string, string | true> = {};
    for (let first = separator !== ':'; first || this.take(separator); first = false) {
      this.space();
      const name = this.match(/[\w-]+/);
      if (name === undefined) throw this.wrong('expected an attribute');
      attributes[name] = this.take('=') ? (this.word(separator === ':' ? /[^,:()\s]*/ : /[^,\]]*/) ?? '') : true;
      this.space();
    }
    return attributes;
  }
}

/** The attributes of keys: those with a value, those without one, and those that work either way. */
const keyAttributes = {
  alias: 'value',
  align: 'value',
  format: 'value',
  label: 'value',
  optional: 'flag',
  reverse: 'flag',
  sort: 'value',
  width: 'value',
  wrap: 'both',
} as const;

function withAlias(key: Key, aliases: ReadonlyMap<Step, Key>): Key {
  const [first, ...rest] = key.path;
  const of = first === undefined ? undefined : aliases.get(first);
  if (!of) return key;
  return {
    path: [...of.path, ...rest],
    calls: [...of.calls, ...key.calls],
    attributes: { ...of.attributes, ...key.attributes },
  };
}

/** The value at a path. A field of a list is the field of each of its items. */
export function dig(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return value;
  if (typeof value === 'string') {
    if (step === all) return rest.length === 0 ? value : undefined;
    return typeof step === 'number' ? dig(value.at(step), rest) : undefined;
  }
  if (Array.isArray(value)) return digList(value, step, rest);
  if (typeof value !== 'object' || value === null) return undefined;
  if (step === all) return rest.length === 0 ? value : Object.values(value).map((part) => dig(part, rest));
  const name = fieldOf(value, step);
  return name === undefined ? undefined : dig((value as Record<string, unknown>)[name], rest);
}

function digList(list: readonly unknown[], step: Step, rest: readonly Step[]): unknown {
  if (typeof step === 'number') return dig(list.at(step), rest);
  if (step === all) return rest.length === 0 ? list : list.map((item) => dig(item, rest));
  // `conditions.type.Ready.status`: the status of the item with this type.
  const chosen = list.find((item) => typeof rest[0] === 'string' && dig(item, [step]) === rest[0]);
  if (chosen !== undefined) return dig(chosen, rest.slice(1));
  const found = list.map((item) => dig(item, [step, ...rest]));
  return found.every((item) => item === undefined) ? undefined : found;
}

/** The field of this name, which may be written in `camelCase` or `SNAKE_CASE`. */
export function fieldOf(value: object, step: Step): string | undefined {
  if (typeof step !== 'string') return undefined;
  return [step, camelCase(step), snakeCase(step).toLowerCase()].find((name) => Object.hasOwn(value, name));
}

/** `creationTimestamp` as `creation_Timestamp`. */
export const snakeCase = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]+|(?<!^)[A-Z](?=[a-z])/g, (part) => `_${part}`);

/** A path as gcloud writes it: `conditions[0].type`, `labels."a.b"`. */
export const nameOf = (path: readonly Step[]): string =>
  path
    .map((step) => {
      if (step === all) return '[]';
      if (typeof step === 'number') return `[${step}]`;
      return `.${/^[\w-]+$/.test(step) ? step : JSON.stringify(step)}`;
    })
    .join('')
    .replace(/^\./, '');

/** The first field of a path; undefined for a path that begins with a function. */
export const rootOf = ({ path }: Key): string | undefined => (typeof path[0] === 'string' ? path[0] : undefined);
