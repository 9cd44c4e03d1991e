import { StatusError } from './errors.js';

/** How deep parentheses and the like can be nested; nobody writes more, and each level takes a call within a call. */
const maxDepth = 100;

/** How much of the text a message has, in characters. */
const maxShown = 1000;

/** Reads a text that somebody wrote on a command line from left to right. */
export class Scanner {
  readonly text: string;
  readonly #subject: string;
  #depth = 0;
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

  wrong(problem: string, fix?: string): StatusError {
    const text = this.text.length > maxShown ? `${this.text.slice(0, maxShown)}…` : this.text;
    return new StatusError(
      'INVALID_ARGUMENT',
      `argument ${this.#subject}: ${problem} at character ${this.at + 1} of ${text}`,
      { fix },
    );
  }

  /** What `read` gives, which may call this again for what is nested in it. @throws StatusError INVALID_ARGUMENT if that is too deep */
  nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw this.wrong('is nested too deep');
    const result = read();
    this.#depth--;
    return result;
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

  /** Text in quotes, in which a backslash goes before quotes and backslashes, or as far as the pattern goes. */
  word(pattern: RegExp): string | undefined {
    const quote = this.text[this.at];
    return quote === '"' || quote === "'"
      ? this.quoted().replaceAll(quote === '"' ? /\\(["\\])/g : /\\(['\\])/g, '$1')
      : this.match(pattern);
  }

  /** What is between the quotes that come next, as it was written. */
  quoted(): string {
    const quoted = this.match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/);
    if (quoted === undefined) throw this.wrong('unterminated quotes');
    return quoted.slice(1, -1);
  }
}
