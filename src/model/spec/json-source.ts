import type { Location } from '../errors.js';
import type { ReadScalar, Source } from './decode.js';
import { maxDepth, maxNodes, TooLarge } from './source-document.js';

/** A value of JSON. */
type Value = string | number | boolean | null | Value[] | ObjectValue;

/** An object with all its members. */
class ObjectValue {
  readonly entries: { key: string; keyNode: string; value: Value }[] = [];
}

/** A character that is no white space. */
const sign = /[^ \t\r\n]/g;
/** A number, true, false or null. */
const word = /[-+.\w]+/y;

/**
 * A JSON text as the decoder reads it, without positions and much sooner than YAML is read. Unlike JSON.parse it keeps
 * members that occur twice.
 */
export class JsonSource implements Source<Value> {
  readonly root: Value;
  readonly #text: string;
  #at = 0;
  #nodes = 0;
  /** Where the next escape begins. */
  #slash: number;

  /** @param text valid JSON @throws TooLarge */
  constructor(text: string) {
    this.#text = text;
    this.#slash = this.#backslash(0);
    this.root = this.#value(0);
  }

  #backslash(from: number): number {
    const found = this.#text.indexOf('\\', from);
    return found < 0 ? Infinity : found;
  }

  /** Moves to the next character that is no white space. */
  #next(): string {
    sign.lastIndex = this.#at;
    const [found = ''] = sign.exec(this.#text) ?? [];
    this.#at = sign.lastIndex - 1;
    return found;
  }

  #value(depth: number): Value {
    if (++this.#nodes > maxNodes || depth > maxDepth) throw new TooLarge(this.#at);
    switch (this.#next()) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  #object(depth: number): ObjectValue {
    const object = new ObjectValue();
    this.#at++;
    while (this.#next() !== '}') {
      if (this.#text[this.#at] === ',') this.#at++;
      this.#next();
      const key = this.#string();
      this.#next();
      this.#at++;
      object.entries.push({ key, keyNode: key, value: this.#value(depth + 1) });
    }
    this.#at++;
    return object;
  }

  #list(depth: number): Value[] {
    const list: Value[] = [];
    this.#at++;
    while (this.#next() !== ']') {
      if (this.#text[this.#at] === ',') this.#at++;
      list.push(this.#value(depth + 1));
    }
    this.#at++;
    return list;
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    let escaped = false;
    while (this.#slash < end) {
      escaped = true;
      if (this.#slash + 1 === end) end = this.#text.indexOf('"', end + 1);
      this.#slash = this.#backslash(this.#slash + 2);
    }
    this.#at = end + 1;
    return escaped ? (JSON.parse(this.#text.slice(start, end + 1)) as string) : this.#text.slice(start + 1, end);
  }

  #word(): Value {
    word.lastIndex = this.#at;
    const [text = ''] = word.exec(this.#text) ?? [];
    this.#at += text.length;
    return JSON.parse(text) as number | boolean | null;
  }

  resolve(value: Value): Value {
    return value;
  }

  kind(value: Value): 'map' | 'list' | 'scalar' {
    if (value instanceof ObjectValue) return 'map';
    return Array.isArray(value) ? 'list' : 'scalar';
  }

  entries(value: Value): ObjectValue['entries'] {
    return value instanceof ObjectValue ? value.entries : [];
  }

  items(value: Value): Value[] | undefined {
    return Array.isArray(value) ? value : undefined;
  }

  isNull(value: Value): boolean {
    return value === null;
  }

  scalar(value: Value): ReadScalar | undefined {
    if (value instanceof ObjectValue || Array.isArray(value)) return undefined;
    return { value, text: String(value), plain: typeof value !== 'string' };
  }

  location(): Location {
    return { file: 'request', line: 1, column: 1, excerpt: '' };
  }
}
