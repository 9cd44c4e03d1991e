import { UsageError } from './errors.js';

/** Reads a text that somebody wrote on a command line from left to right. */
export class Scanner {
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

  wrong(problem: string, fix?: string): UsageError {
    return new UsageError(`argument ${this.#subject}: ${problem} at character ${this.at + 1} of ${this.text}`, fix);
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
