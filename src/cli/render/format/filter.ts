import { UsageError } from '../../../model/errors.js';
import { parseGcloudDuration } from '../../../model/time.js';
import { type Key, KeyReader } from './keys.js';
import { cell, checkCalls, regularExpression, valueAt } from './transforms.js';

/** A filter expression: whether it holds for a resource, and the keys that it looks at. */
export interface Filter {
  holds: (row: unknown) => boolean;
  keys: readonly Key[];
}

type Test = (row: unknown) => boolean;

const subject = '--filter';

/**
 * gcloud's filter language (`gcloud topic filters`): terms such as `name=x`, `labels.team:a*`, `name~^a`, `a!=b`,
 * `count>3`, `key:(a b)` and bare words, joined by AND, OR, NOT, `-` and parentheses. Terms side by side are joined last.
 * `now` is in ms since 1970, for times such as `-P1D`.
 * @throws UsageError
 */
export function parseFilter(text: string, now: number): Filter {
  const parser = new FilterParser(text, now);
  return { holds: parser.whole(), keys: parser.keys };
}

class FilterParser {
  readonly keys: Key[] = [];
  readonly #reader: KeyReader;
  readonly #now: number;

  constructor(text: string, now: number) {
    this.#reader = new KeyReader(text, subject);
    this.#now = now;
  }

  whole(): Test {
    if (this.#reader.done) return () => true;
    const test = this.#sequence();
    if (!this.#reader.done) throw this.#reader.wrong('unexpected text');
    return test;
  }

  #sequence(): Test {
    const tests = [this.#either()];
    while (!this.#reader.done && this.#reader.text[this.#reader.at] !== ')') tests.push(this.#either());
    return (row) => tests.every((test) => test(row));
  }

  #either(): Test {
    const tests = [this.#both()];
    while (this.#word('OR')) tests.push(this.#both());
    return (row) => tests.some((test) => test(row));
  }

  #both(): Test {
    const tests = [this.#not()];
    while (this.#word('AND')) tests.push(this.#not());
    return (row) => tests.every((test) => test(row));
  }

  #not(): Test {
    const reader = this.#reader;
    if (reader.done) throw reader.wrong('expected a term');
    if (this.#word('NOT') || reader.take('-')) {
      const test = this.#not();
      return (row) => !test(row);
    }
    if (!reader.take('(')) return this.#term();
    const test = this.#sequence();
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
      const word = reader.word(/[^\s()]+/);
      if (word === undefined) throw reader.wrong('expected a term');
      const has = pattern(word);
      return (row) => leaves(row).some(has);
    }
    const key = this.#key();
    checkCalls(key, subject);
    this.keys.push(key);
    reader.space();
    const operator = reader.match(/!=|!~|<=|>=|[=~:<>]/);
    if (operator === undefined) throw reader.wrong('expected an operator');
    reader.space();
    const operands = this.#operands(operator);
    const tests = operands.map((operand) => this.#comparison(operator, operand));
    const negative = operator.startsWith('!');
    return (row) => {
      const value = valueAt(row, key);
      return negative ? tests.every((test) => test(value)) : tests.some((test) => test(value));
    };
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
    const operand = reader.word(operator.endsWith('~') ? /\S+/ : /[^\s()]*/);
    if (operand === undefined) throw reader.wrong('expected a value');
    return [operand];
  }

  #comparison(operator: string, operand: string): (value: unknown) => boolean {
    const some = (test: (text: unknown) => boolean) => (value: unknown) => items(value).some(test);
    switch (operator) {
      case ':':
        if (operand === '*') return (value) => value !== undefined && value !== null && value !== '';
        return (value) => leaves(value, true).some(pattern(operand));
      case '=':
        return some((item) => order(item, operand) === 0);
      case '!=':
        return (value) => !items(value).some((item) => order(item, operand) === 0);
      case '~':
      case '!~': {
        const expression = regularExpression(operand, subject);
        const matches = some((item) => expression.test(cell(item)));
        return operator === '~' ? matches : (value) => !matches(value);
      }
      default: {
        const bound = this.#time(operand);
        return some((item) => {
          if (item === undefined) return false;
          const comparison = order(item, bound);
          return operator.startsWith('<')
            ? comparison < 0 || (operator === '<=' && comparison === 0)
            : comparison > 0 || (operator === '>=' && comparison === 0);
        });
      }
    }
  }

  /** `-P1D` is a day ago. */
  #time(operand: string): string {
    const [, sign, duration] = /^([+-]?)(P.+)$/i.exec(operand) ?? [];
    const seconds = duration === undefined ? undefined : parseGcloudDuration(duration);
    if (seconds === undefined) return operand;
    return new Date(this.#now + (sign === '-' ? -1 : 1) * seconds * 1000).toISOString();
  }
}

const items = (value: unknown): unknown[] => (Array.isArray(value) ? value.flat(Infinity) : [value]);

/** All text in a value; with `names` the names of fields, too, as a map has those of labels. */
function leaves(value: unknown, names = false): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, names));
  if (typeof value !== 'object' || value === null) return value === undefined || value === null ? [] : [cell(value)];
  return Object.entries(value).flatMap(([name, part]) => [...(names ? [name] : []), ...leaves(part, names)]);
}

/** Numbers by size, all else as text in which capitals do not count. */
function order(value: unknown, operand: string): number {
  const number = Number(operand);
  const isNumber = operand.trim() !== '' && !Number.isNaN(number);
  if (isNumber && value !== undefined && value !== '' && !Number.isNaN(Number(value))) return Number(value) - number;
  const [a, b] = [cell(value).toLowerCase(), operand.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `abc`: a word begins with it; `abc*`: the text or a word does. Capitals do not count. */
function pattern(text: string): (value: string) => boolean {
  const plain = text.replace(/\*$/, '').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const expression = new RegExp(`(?:^|[^\\p{L}\\p{N}])${plain}`, 'iu');
  return (value) => expression.test(value) || value.toLowerCase() === text.toLowerCase();
}

/** The keys of a filter that no row has anything at, as they were written. */
export const absentKeys = ({ keys }: Filter, rows: readonly unknown[]): string[] =>
  rows.length === 0
    ? []
    : keys
        .filter((key) => rows.every((row) => valueAt(row, key) === undefined))
        .map(({ path }) => path.map(String).join('.'));

/** A parser of `--filter`. @throws UsageError */
export function filterFlag(text: string): string {
  parseFilter(text, 0);
  return text;
}

/** A parser of keys with commas between them, for `--sort-by` and `--flatten`; `~KEY` is the reverse order. */
export const keysFlag =
  (flag: string) =>
  (text: string, previous: readonly Key[] = []): Key[] => {
    const keys = text.split(',').filter(Boolean);
    if (keys.length === 0) throw new UsageError(`argument ${flag}: expected a key`);
    const parsed = keys.map((item) => {
      const reverse = item.startsWith('~');
      const reader = new KeyReader(item.slice(reverse ? 1 : 0), flag);
      const key = reader.key();
      if (!reader.done) throw reader.wrong('unexpected text');
      return reverse ? { ...key, attributes: { ...key.attributes, reverse: true as const } } : key;
    });
    return [...previous, ...parsed];
  };
