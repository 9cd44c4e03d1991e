import { Scanner } from '../scanner.js';
import { comparison, containing, operators } from './comparison.js';
import { fieldOf, type Literal, type Test, type Wrong } from './fields.js';
import { type Argument, call } from './functions.js';

/** Which entries to select. */
export interface LogFilter {
  holds: Test;
  /** Whether the filter itself restricts the time of entries. */
  timed: boolean;
  /** The text that the field at a path must be, whatever its case; undefined if it may be another. */
  textOf: (...path: readonly string[]) => string | undefined;
}

/**
 * Cloud Logging's query language: comparisons such as `severity>=ERROR`, `textPayload:"out of"`, `jsonPayload.code=(7
 * OR 8)`, `labels."run.googleapis.com/task_index"="3"`, `resource.labels.job_name=~"^a"`; words that may be anywhere;
 * functions; joined by AND, OR, NOT, `-` and parentheses, and by AND where nothing stands between them. OR binds closer
 * than AND. (Source: the documentation of the Logging query language.)
 * @param subject the name of the text in messages
 * @throws StatusError INVALID_ARGUMENT
 */
export function parseLogFilter(text: string, subject: string): LogFilter {
  const parser = new LogFilterParser(text, subject);
  const holds = parser.whole();
  const { timed, equalities } = parser;
  const textOf = (...path: readonly string[]): string | undefined =>
    equalities.find(({ field }) => field.length === path.length && path.every((step, i) => step === field[i]))?.text;
  return { holds, timed, textOf };
}

const quotes = `quote text that contains any of ( ) = < > ! ~ : , as in 'textPayload:"a: b"'`;

/** The text between the quotes of a filter. Unknown escapes stay, because they belong to regular expressions. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\(?:u([\dA-Fa-f]{4})|x([\dA-Fa-f]{2})|([ntr"'\\]))/g, (_, u?: string, x?: string, c = '') =>
    u || x ? String.fromCharCode(Number.parseInt(u ?? x ?? '', 16)) : ({ n: '\n', t: '\t', r: '\r' }[c as string] ?? c),
  );

class LogFilterParser extends Scanner {
  timed = false;
  /** The comparisons that must hold for the whole to hold. */
  readonly equalities: { field: readonly string[]; text: string }[] = [];

  /** Comments count as blanks. */
  override space(): void {
    this.match(/(?:\s|--.*)*/);
  }

  whole(): Test {
    if (this.done) return () => true;
    const test = this.#all(() => this.#restriction());
    if (!this.done) throw this.wrong('unexpected text', quotes);
    return test;
  }

  #all(term: () => Test): Test {
    const tests = [this.#any(term)];
    while (this.#keyword('AND') || !(this.done || this.text[this.at] === ')')) tests.push(this.#any(term));
    return (entry) => tests.every((test) => test(entry));
  }

  #any(term: () => Test): Test {
    const certain = this.equalities.length;
    const tests = [this.#not(term)];
    while (this.#keyword('OR')) tests.push(this.#not(term));
    if (tests.length > 1) this.equalities.length = certain;
    return (entry) => tests.some((test) => test(entry));
  }

  #not(term: () => Test): Test {
    const wrong = this.#wrongHere();
    if (this.#keyword('AND') || this.#keyword('OR')) throw wrong('expected a term');
    if (this.#keyword('NOT') || this.take('-')) {
      const certain = this.equalities.length;
      const test = this.nested(() => this.#not(term));
      this.equalities.length = certain;
      return (entry) => !test(entry);
    }
    return this.take('(') ? this.#parenthesized(term) : term();
  }

  #parenthesized(term: () => Test): Test {
    const test = this.nested(() => this.#all(term));
    this.expect(')');
    return test;
  }

  #keyword(word: string): boolean {
    this.space();
    return this.match(new RegExp(`${word}(?=[\\s("'-]|$)`)) !== undefined;
  }

  #restriction(): Test {
    const wrong = this.#wrongHere();
    const { literal, path } = this.#member();
    if (!literal.quoted && this.take('(')) return call(literal.text, this.#arguments(), wrong);
    this.space();
    const operator = operators.find((sign) => this.take(sign));
    if (operator === undefined) return containing(literal.text);
    const field = fieldOf(path, wrong);
    this.timed ||= field[0] === 'timestamp';
    this.space();
    const value = (): Test => {
      const badValue = this.#wrongHere();
      const literal = this.#literal();
      if (operator === '=') this.equalities.push({ field, text: literal.text });
      return comparison(field, operator, literal, badValue);
    };
    return this.take('(') ? this.#parenthesized(value) : value();
  }

  /** A field, or a value on its own. */
  #member(): Argument {
    const start = this.at;
    const path: string[] = [];
    let quoted = false;
    do {
      quoted = /["']/.test(this.text[this.at] ?? '');
      const part = quoted ? unescaped(this.quoted()) : this.match(/[^\s()"'=<>!~:,.]+/);
      if (part === undefined) throw this.wrong('expected a term', quotes);
      path.push(part);
    } while (this.take('.'));
    const alone = quoted && path.length === 1;
    return { path, literal: { text: alone ? (path[0] ?? '') : this.text.slice(start, this.at), quoted: alone } };
  }

  #literal(): Literal {
    if (/["']/.test(this.text[this.at] ?? '')) return { text: unescaped(this.quoted()), quoted: true };
    const text = this.match(/[^\s()"'=<>!~:,]+/);
    if (text === undefined) throw this.wrong('expected a value', quotes);
    return { text, quoted: false };
  }

  #arguments(): Argument[] {
    const args: Argument[] = [];
    do {
      this.space();
      if (args.length === 0 && this.take(')')) return args;
      args.push(this.#member());
      this.space();
    } while (this.take(','));
    this.expect(')');
    return args;
  }

  /** Returns a function that reports a problem at the current position later. */
  #wrongHere(): Wrong {
    const { at } = this;
    return (problem, fix) => {
      this.at = at;
      return this.wrong(problem, fix);
    };
  }
}
