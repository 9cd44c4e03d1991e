import type { Readable } from 'node:stream';
import type { Signal } from '../io.js';

/** A terminal or a file at the caller's side. */
export interface Destination {
  tty: boolean;
  columns: number;
  rows: number;
  /** The level of chalk. */
  colour: number;
  unicode: boolean;
}

/** The first thing that a caller says: a command line, and everything of its machine that the command line needs. */
export interface Hello {
  /** Of localrun. */
  version: string;
  words: readonly string[];
  cwd: string;
  /** The texts of files by their paths from `cwd`. */
  files: Readonly<Record<string, string>>;
  /** The path of its localrun.yaml, which is among the files. */
  config: string | undefined;
  env: Readonly<Record<string, string>>;
  /** The variables that its files refer to. */
  variables: Readonly<Record<string, string>>;
  userName: string;
  hostName: string;
  homeDirectory: string;
  interactive: boolean;
  out: Destination;
  err: Destination;
}

/** What a caller says after that. */
export type Word =
  | { signal: Signal }
  | { columns: number; rows: number }
  | { answer: string | null }
  | { input: string }
  /** It is there: a connection without traffic may be cut on its way. */
  | { here: true };

/** What the command says: what to do with the streams of the caller, and at last the exit code. */
export type Deed =
  | { to: 'out' | 'err'; write: string }
  | { to: 'out' | 'err'; overwrite: readonly (string | null)[]; lines: number }
  | { ask: string }
  | { read: number }
  /** null: it stops. */
  | { spin: string | null }
  | { exit: number };

/** One line for each. */
export const framed = (said: Hello | Word | Deed): string => `${JSON.stringify(said)}\n`;

/**
 * What the other side says, until it has nothing more to say. What is no frame is noise of something in between; a line
 * without an end was cut off with the connection.
 */
export async function* frames<T>(from: Readable): AsyncGenerator<T, void, undefined> {
  let begun = '';
  for await (const chunk of from.setEncoding('utf8') as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n');
    const lines = [begun + first, ...others];
    begun = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) yield JSON.parse(line) as T;
  }
}
