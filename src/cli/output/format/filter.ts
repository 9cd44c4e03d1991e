import { type Key, KeyReader } from './keys.js';
import { contains, type Match, matcher } from './filter-operators.js';
import { checkCalls, valueAt } from './transforms.js';

/** A filter expression: whether it matches a resource, and its keys. */
export interface Filter {
  holds: (row: unknown) => boolean;
  keys: readonly Key[];
}

type Test = (row: unknown) => boolean;

const subject = '--filter';

/**
 * gcloud's filter language (`gcloud topic filters`): terms such as `name=x`, `labels.team:a*`, `name~^a`, `a!=b`,
 * `count>3`, `key:(a b)` and bare words, joined by AND, OR, NOT, `-` and parentheses. Terms side by side bind last.
 * `now` is in ms since 1970, for times such as `-P1D`; `bare` is the meaning of a bare word.
 * @throws UsageError
 */
export function parseFilter(text: string, now: number, bare: (word: string) => Match = contains): Filter {
  const parser = new FilterParser(text, now, bare);
  return { holds: parser.whole(), keys: parser.keys };
}

/** Within one pair of parentheses, only AND or only OR is allowed, so their precedence does not matter. */
type Joints = { word?: string };

class FilterParser {
  readonly keys: Key[] = [];
  readonly #reader: KeyReader;
  readonly #now: number;
  readonly #bare: (word: string) => Match;

  constructor(text: string, now: number, bare: (word: string) => Match) {
    this.#reader = new KeyReader(text, subject);
    this.#now = now;
    this.#bare = bare;
  }

  whole(): Test {
    if (this.#reader.done) return () => true;
    const test = this.#sequence();
    if (!this.#reader.done) throw this.#reader.wrong('unexpected text');
    return test;
  }

  #sequence(): Test {
    const joints: Joints = {};
    const tests = [this.#either(joints)];
    while (!this.#reader.done && this.#reader.text[this.#reader.at] !== ')') tests.push(this.#either(joints));
    return (row) => tests.every((test) => test(row));
  }

  #either(joints: Joints): Test {
    const tests = [this.#both(joints)];
    while (this.#joint('OR', joints)) tests.push(this.#both(joints));
    return (row) => tests.some((test) => test(row));
  }

  #both(joints: Joints): Test {
    const tests = [this.#not()];
    while (this.#joint('AND', joints)) tests.push(this.#not());
    return (row) => tests.every((test) => test(row));
  }

  #joint(word: string, joints: Joints): boolean {
    const at = this.#reader.at;
    if (!this.#word(word)) return false;
    if ((joints.word ??= word) === word) return true;
    this.#reader.at = at;
    throw this.#reader.wrong('AND and OR next to each other need parentheses');
  }

  #not(): Test {
    const reader = this.#reader;
    if (reader.done || this.#word('AND') || this.#word('OR')) throw reader.wrong('expected a term');
    if (this.#word('NOT') || reader.take('-')) {
      const test = reader.nested(() => this.#not());
      return (row) => !test(row);
    }
    if (!reader.take('(')) return this.#term();
    const test = reader.nested(() => this.#sequence());
    reader.expect(')');
    return test;
  }

  #word(word: string): boolean {
    this.#reader.space();
    return this.#reader.match(new RegExp(`${word}(?=[\\s(]|$)`)) !== undefined;
  }

  #term(): Test {
    const reader = this.#reader;
    const start = reader.at;
    const isKey = /^(?:"[^"]*"|'[^']*'|[\w.[\]-]|\([^()]*\))+\s*(?:!?[=~]|:|[<>])/.test(reader.text.slice(start));
    if (!isKey) {
      const word = reader.word(/[^\s():=!<>~]+/);
      if (word === undefined || /[:=!<>~]/.test(reader.text[reader.at] ?? '')) throw reader.wrong('expected a term');
      return this.#bare(word);
    }
    const key = this.#key();
    checkCalls(key, subject);
    this.keys.push(key);
    reader.space();
    const operator = reader.match(/[=:!<>~]{1,2}/);
    if (operator === undefined || !/^(?:[=:~<>]|[!<>]=|!~)$/.test(operator)) throw reader.wrong('expected an operator');
    reader.space();
    const matches = matcher(operator, this.#operands(operator), this.#now);
    return (row) => matches(valueAt(row, key));
  }

  /** A key without attributes: a colon is an operator here. */
  #key(): Key {
    const reader = this.#reader;
    const text = reader.match(/(?:"[^"]*"|'[^']*'|[\w.[\]-]|\([^()]*\))+/) ?? '';
    return new KeyReader(text, subject).key();
  }

  #operands(operator: string): string[] {
    const reader = this.#reader;
    if ((operator === ':' || operator === '=') && reader.take('(')) {
      const operands: string[] = [];
      for (;;) {
        reader.match(/[\s,]+/);
        if (reader.take(')')) return operands;
        this.#word('OR');
        reader.space();
        const operand = reader.word(/[^\s,()]+/);
        if (operand === undefined) throw reader.wrong('expected a value');
        operands.push(operand);
      }
    }
    const operand = reader.word(operator.endsWith('~') ? /\S+/ : /[^\s()]+/);
    if (operand === undefined) throw reader.wrong('expected a value');
    return [operand];
  }
}

/** The keys of a filter, as written, that no row has a value for. */
export const absentKeys = ({ keys }: Filter, rows: readonly unknown[]): string[] =>
  rows.length === 0
    ? []
    : keys
        .filter((key) => rows.every((row) => valueAt(row, key) === undefined))
        .map(({ path }) => path.map(String).join('.'));

/**
 * The comma-separated keys in the values of `flag`, `--sort-by` or `--flatten`; `~KEY` means the reverse order.
 * @throws UsageError
 */
export const keysIn = (values: readonly string[], flag: string): Key[] =>
  values
    .flatMap((text) => text.split(','))
    .filter(Boolean)
    .map((item) => {
      const reverse = item.startsWith('~');
      const reader = new KeyReader(item.slice(reverse ? 1 : 0), flag);
      const key = reader.key();
      if (!reader.done) throw reader.wrong('unexpected text');
      return reverse ? { ...key, attributes: { ...key.attributes, reverse: true as const } } : key;
    });
