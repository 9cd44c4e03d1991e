import { StatusError } from './errors.js';

/** The deepest nesting of parentheses and the like. Every level is a recursive call, and no real text comes close. */
const maxDepth = 100;

/** How many characters of the text a message quotes. */
const maxShown = 1000;

/** Reads a text from the command line or a request from left to right. */
export class Scanner {
  readonly text: string;
  readonly #subject: string;
  #depth = 0;
  at = 0;

  /** @param subject the name of the text in messages: a flag, or the field of a request */
  constructor(text: string, subject: string) {
    this.text = text;
    this.#subject = subject.startsWith('--') ? `argument ${subject}` : subject;
  }

  get done(): boolean {
    this.space();
    return this.at >= this.text.length;
  }

  space(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  wrong(problem: string, fix?: string): StatusError {
    const text = this.text.length > maxShown ? `${this.text.slice(0, maxShown)}…` : this.text;
    return new StatusError('INVALID_ARGUMENT', `${this.#subject}: ${problem} at character ${this.at + 1} of ${text}`, {
      fix,
    });
  }

  /**
   * The result of `read`, which may call this method again for nested parts. @throws StatusError INVALID_ARGUMENT if
   * they are nested too deep
   */
  nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw this.wrong('is nested too deep');
    const result = read();
    this.#depth--;
    return result;
  }

  /** Whether the text continues with this; if so, moves past it. */
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

  /** Text in quotes, in which a backslash escapes quotes and backslashes; matches as far as it can. */
  word(pattern: RegExp): string | undefined {
    const quote = this.text[this.at];
    return quote === '"' || quote === "'"
      ? this.quoted().replaceAll(quote === '"' ? /\\(["\\])/g : /\\(['\\])/g, '$1')
      : this.match(pattern);
  }

  /** The quoted text that comes next, without its quotes and otherwise as written. */
  quoted(): string {
    const quoted = this.match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/);
    if (quoted === undefined) throw this.wrong('unterminated quotes');
    return quoted.slice(1, -1);
  }
}
