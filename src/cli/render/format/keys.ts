import { UsageError } from '../../../model/errors.js';
import { camelCase } from '../../../model/path.js';

/** A step into a resource: a field, an item of a list (from its end, if negative), or all items. */
export type Step = string | number | typeof all;
export const all = Symbol('[]');

/** A function that changes what is at a key: `basename()`. */
export interface Call {
  name: string;
  args: readonly string[];
  named: Readonly<Record<string, string>>;
}

/** A key of a projection, a filter or an order: `metadata.name.basename():label=JOB`. */
export interface Key {
  path: readonly Step[];
  calls: readonly Call[];
  /** `true` for one without a value. */
  attributes: Readonly<Record<string, string | true>>;
}

/** Reads gcloud's notation of keys from left to right. */
export class KeyReader {
  readonly text: string;
  readonly #subject: string;
  at = 0;

  /** @param subject what the text is, for messages */
  constructor(text: string, subject: string) {
    this.text = text;
    this.#subject = subject;
  }

  get done(): boolean {
    this.space();
    return this.at >= this.text.length;
  }

  space(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  wrong(problem: string): UsageError {
    return new UsageError(`argument ${this.#subject}: ${problem} at character ${this.at + 1} of ${this.text}`);
  }

  /** Whether this comes next; if it does, it is passed. */
  take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string): void {
    this.space();
    if (!this.take(text)) throw this.wrong(`expected ${text}`);
  }

  match(pattern: RegExp): string | undefined {
    const found = new RegExp(pattern.source, 'y');
    found.lastIndex = this.at;
    const text = found.exec(this.text)?.[0];
    this.at += text?.length ?? 0;
    return text;
  }

  /** Text in quotes, or as far as the pattern goes. */
  word(pattern: RegExp): string | undefined {
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") return this.match(pattern);
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) throw this.wrong('unterminated quotes');
    const text = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return text;
  }

  /** Keys with commas between them, up to `end`. */
  keys(end: string): Key[] {
    const keys: Key[] = [];
    this.space();
    if (this.take(end)) return keys;
    for (;;) {
      keys.push(this.key());
      this.space();
      if (this.take(end)) return keys;
      this.expect(',');
    }
  }

  key(): Key {
    const path: Step[] = [];
    const calls: Call[] = [];
    this.space();
    for (let first = true; ; first = false) {
      if (!first && !this.take('.')) break;
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
    return { path, calls, attributes: this.attributes(':') };
  }

  #index(): Step {
    const text = this.match(/-?\d+/);
    return text === undefined ? all : Number(text);
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
      const value = this.word(/[^,()]*(?:\([^()]*\))?[^,()]*/) ?? '';
      if (name === undefined) args.push(value.trimEnd());
      else named[name] = value.trimEnd();
      this.space();
      if (this.take(')')) return { args, named };
      this.expect(',');
    }
  }

  /** `:label=JOB:sort=1`, or with a comma between them. */
  attributes(separator: string): Record<string, string | true> {
    const attributes: Record<string, string | true> = {};
    for (let first = separator !== ':'; first || this.take(separator); first = false) {
      this.space();
      const name = this.match(/[\w-]+/);
      if (name === undefined) throw this.wrong('expected an attribute');
      attributes[name] = this.take('=') ? (this.word(/[^,:()[\]\s]*/) ?? '') : true;
      this.space();
    }
    return attributes;
  }
}

/** What is at a path. A field of a list is that of each of its items. */
export function dig(value: unknown, [step, ...rest]: readonly Step[]): unknown {
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    if (typeof step === 'number') return dig(value.at(step) as unknown, rest);
    const items = step === all ? rest : [step, ...rest];
    const found = (value as unknown[]).map((item) => dig(item, items)).filter((item) => item !== undefined);
    return items.some((other) => other === all) ? found.flat() : found;
  }
  if (typeof value !== 'object' || value === null || typeof step !== 'string') return undefined;
  const name = Object.hasOwn(value, step) ? step : camelCase(step);
  return Object.hasOwn(value, name) ? dig((value as Record<string, unknown>)[name], rest) : undefined;
}

/** The first field of a path; undefined for one that begins with a function. */
export const rootOf = ({ path }: Key): string | undefined => (typeof path[0] === 'string' ? path[0] : undefined);
