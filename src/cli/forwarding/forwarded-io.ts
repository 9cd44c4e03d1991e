import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Chalk } from 'chalk';
import type { Io, Output, Signal } from '../io.js';
import { type Deed, type Destination, framed, frames, type Hello, type Word } from './frames.js';

/** A caller elsewhere, whose process a command line uses as if it were this one. */
export interface Caller {
  hello: Hello;
  /** Its exit ends the connection, and this process. */
  io: Io;
}

/**
 * Waits for a caller on the streams of this process. Undefined if there is no caller.
 */
export async function caller(system: Io): Promise<Caller | undefined> {
  const { input, output } = system.connection();
  const said = frames<Hello | Word>(input);
  const first = await said.next();
  if (first.done) return undefined;
  const hello = first.value as Hello;
  const root = mkdtempSync(path.join(os.tmpdir(), 'localrun-call-'));
  const cwd = path.join(root, hello.cwd.replace(/^[A-Za-z]:/, ''));
  mkdirSync(cwd, { recursive: true });
  for (const [name, content] of Object.entries(hello.files)) {
    const file = path.join(cwd, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const tell = (deed: Deed): void => void output.write(framed(deed));
  const end = (): void => {
    rmSync(root, { recursive: true, force: true });
    system.exit(0);
  };
  /** Once what was said before is on its way, too. */
  const exit = (exitCode: number): void => void output.write(framed({ exit: exitCode }), end);
  const handlers = new Set<(signal: Signal) => void>();
  const hangups = new Set<() => void>();
  const resized = new Set<() => void>();
  let replied: (word: Word) => void = () => {};
  const reply = (deed: Deed): Promise<Word> => {
    tell(deed);
    return new Promise((resolve) => (replied = resolve));
  };
  const destination = (to: 'out' | 'err', of: Destination): Output => ({
    ...{ tty: of.tty, unicode: of.unicode, chalk: new Chalk({ level: of.colour as 0 }) },
    // The caller makes it printable, and knows its files by their own paths.
    write: (text) => tell({ to, write: text.replaceAll(root, '') }),
    overwrite: (lines, rows) => tell({ to, overwrite: rows.map((row) => row && row.replaceAll(root, '')), lines }),
    get busy() {
      return output.writableNeedDrain;
    },
    drained: async () => {
      if (output.writableNeedDrain) await new Promise((resolve) => output.once('drain', resolve));
    },
    get columns() {
      return of.columns;
    },
    get rows() {
      return of.rows;
    },
    onResize(handler) {
      resized.add(handler);
      return () => resized.delete(handler);
    },
  });
  const hear = async (): Promise<void> => {
    for await (const word of said as AsyncGenerator<Word>) {
      if ('signal' in word) {
        if (handlers.size === 0) exit(word.signal === 'SIGINT' ? 130 : 143);
        for (const handler of handlers) handler(word.signal);
      } else if ('columns' in word) {
        for (const of of [hello.out, hello.err]) Object.assign(of, word);
        for (const handler of resized) handler();
      } else if (!('here' in word)) replied(word);
    }
    // The caller is gone: what goes on without it is the worker's.
    for (const handler of hangups) handler();
    end();
  };
  hear().catch(end);
  output.on('error', end);
  const io: Io = {
    ...system,
    env: {
      ...{ ...system.env, ...hello.env, LOCALRUN_WORKER: undefined },
      LOCALRUN_CONFIG: hello.config && path.join(cwd, hello.config),
    },
    variables: hello.variables,
    ...{ userName: hello.userName, hostName: hello.hostName, homeDirectory: hello.homeDirectory, cwd },
    out: destination('out', hello.out),
    err: destination('err', hello.err),
    interactive: hello.interactive,
    readInput: async (read) => ((await reply({ read })) as { input: string }).input,
    ask: async (ask) => ((await reply({ ask })) as { answer: string | null }).answer ?? undefined,
    async spin(spin) {
      tell({ spin });
      return { show: (text) => tell({ spin: text }), stop: () => tell({ spin: null }) };
    },
    onSignal(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    onHangup(handler) {
      hangups.add(handler);
      return () => hangups.delete(handler);
    },
    exit,
    forwarded: true,
  };
  return { hello, io };
}
