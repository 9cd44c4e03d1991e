import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { LocalDocument } from '../../local/settings-file.js';
import { mayBeDotenv, variablesIn } from '../../model/dotenv.js';
import { StatusError } from '../../model/errors.js';
import type { LocalFile, LocalSecret } from '../../model/local/schema.js';
import { type FileWords, filesIn } from '../command/file-words.js';
import { readSpecText } from '../command/spec-file.js';
import { UsageError } from '../errors.js';
import type { Io, Output, Signal, Spinner } from '../io.js';
import { type Deed, type Destination, framed, frames, type Hello, type Word } from './frames.js';

/** A process that does the work of a command elsewhere. */
export interface Remote {
  input: Writable;
  output: Readable;
  /** Once it has ended: what its connection has said last. */
  ended: Promise<string>;
  /** Closes the connection. */
  close: () => void;
}

export interface Forwarded {
  version: string;
  words: readonly string[];
  files: FileWords;
  local: LocalDocument | undefined;
  /** As people know it. */
  worker: string;
  connect: () => Remote;
}

/** The variables that mean the same on every machine. */
const travelling = [
  ...['PROJECT', 'PROJECT_NUMBER', 'REGION', 'ACCOUNT', 'ENFORCE_IAM', 'API_VERSION'].map((name) => `LOCALRUN_${name}`),
  ...['CLOUDSDK_CORE_PROJECT', 'CLOUDSDK_CORE_ACCOUNT', 'CLOUDSDK_RUN_REGION'],
  ...['CLOUDSDK_CORE_DISABLE_PROMPTS', 'CLOUDSDK_CORE_USER_OUTPUT_ENABLED', 'CI', 'GITHUB_ACTIONS'],
];

/** How often a caller shows that it is there, in ms. Proxies cut connections that are silent for a minute or more. */
const presence = 20_000;

/** After so many signals the command has had its chances; a worker that has said nothing yet may never say anything. */
const enough = { heard: 4, unheard: 2 };

/**
 * Has a remote process do the work of a command line, with the streams, signals and files of this one.
 * @returns the exit code
 * @throws UsageError if a file cannot be read; StatusError UNAVAILABLE if the connection cannot be made, or breaks off
 */
export async function forward(forwarded: Forwarded, io: Io): Promise<number> {
  const hello = await helloOf(forwarded, io);
  const remote = forwarded.connect();
  const say = (word: Hello | Word): void => void remote.input.write(framed(word));
  // Why it is gone, if it is, its end tells.
  remote.input.on('error', () => {});
  say(hello);
  const timer = setInterval(() => say({ here: true }), presence);
  let signals = 0;
  let heard = false;
  const undo = [
    io.onSignal((signal: Signal) => {
      say({ signal });
      if (++signals < (heard ? enough.heard : enough.unheard)) return;
      remote.close();
      io.exit(signal === 'SIGINT' ? 130 : 143);
    }),
    io.onHangup(remote.close),
    io.err.onResize(() => say({ columns: io.err.columns, rows: io.err.rows })),
    () => clearInterval(timer),
    remote.close,
  ];
  let spinner: Spinner | undefined;
  const spin = async (text: string | null): Promise<void> => {
    if (text === null) spinner?.stop();
    else if (spinner) spinner.show(text);
    spinner = text === null ? undefined : (spinner ?? (await io.spin(text)));
  };
  try {
    for await (const deed of frames<Deed>(remote.output)) {
      heard = true;
      if ('exit' in deed) return deed.exit;
      if ('to' in deed) await perform(deed, io[deed.to]);
      else if ('ask' in deed) say({ answer: (await io.ask(deed.ask)) ?? null });
      else if ('read' in deed) say({ input: await io.readInput(deed.read) });
      else await spin(deed.spin);
    }
    throw broken(forwarded.worker, heard, await remote.ended);
  } finally {
    spinner?.stop();
    for (const step of undo) step();
  }
}

/** Writes, and waits until the reader has kept up: otherwise what comes would pile up here. */
async function perform(deed: Extract<Deed, { to: 'out' | 'err' }>, output: Output): Promise<void> {
  if ('write' in deed) output.write(deed.write);
  else output.overwrite(deed.lines, deed.overwrite);
  await output.drained();
}

function broken(worker: string, heard: boolean, said: string): StatusError {
  const why = said.replace(/^error: /, '') || 'kubectl does not say why';
  return heard
    ? new StatusError('UNAVAILABLE', `The connection to the worker ${worker} broke off: ${why}`, {
        fix: 'localrun jobs executions list shows what goes on there: the worker does not need this connection',
      })
    : new StatusError('UNAVAILABLE', `The worker ${worker} cannot be reached: ${why}`, {
        fix: `kubectl get deployment,pods --namespace ${worker.split('/')[0]} shows whether it runs; LOCALRUN_RUNTIME=docker does the work on this machine`,
      });
}

async function helloOf({ version, words, files: where, local }: Forwarded, io: Io): Promise<Hello> {
  const { cwd, env, userName, hostName, homeDirectory, interactive } = io;
  const relative = (name: string): string => path.relative(cwd, path.resolve(cwd, name));
  const named = filesIn(words, where, relative);
  const files: Record<string, string> = {};
  // The command says what it misses.
  for (const name of named.files) if (existsSync(path.resolve(cwd, name))) files[name] = await textOf(name, io);
  const mentioned = Object.entries(files).flatMap(([name, text]) => (mayBeDotenv(name) ? variablesIn(text) : []));
  const config = local && relative(local.file);
  if (config !== undefined) files[config] = JSON.stringify(travellingSettings(local?.value ?? {}));
  return {
    ...{ version, words: named.words, cwd, files, config, userName, hostName, homeDirectory, interactive },
    env: only(travelling, env),
    variables: only(mentioned, io.variables),
    out: destinationOf(io.out),
    err: destinationOf(io.err),
  };
}

/** @throws UsageError if it cannot be read, or is too large */
async function textOf(name: string, io: Io): Promise<string> {
  const { maxSpecBytes } = await import('../../model/spec/source-document.js');
  const { text } = await readSpecText({ io }, name, 'file');
  if (Buffer.byteLength(text) <= maxSpecBytes) return text;
  throw new UsageError(`${name} is larger than ${maxSpecBytes / 1024} KiB, the limit for a file of a command line.`);
}

function only(names: readonly string[], of: Io['variables']): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (of[name] === undefined ? [] : [[name, of[name]] as const])));
}

const destinationOf = ({ tty, columns, rows, chalk, unicode }: Output): Destination => ({
  ...{ tty, columns, rows, colour: chalk.level, unicode },
});

/** localrun.yaml for a worker: its cluster is its own, and no value of a secret leaves this machine. */
function travellingSettings({ runtime, secrets, ...others }: LocalFile): LocalFile {
  const { context: _, worker: __, ...rest } = runtime ?? {};
  const mapped = Object.entries(secrets ?? {}).map(([name, secret]) => [name, withoutValues(secret)] as const);
  return {
    ...others,
    runtime: { ...rest, kind: 'kubernetes' },
    ...(secrets && { secrets: Object.fromEntries(mapped) }),
  };
}

function withoutValues({ value, versions, ...others }: LocalSecret): LocalSecret {
  const inner = Object.entries(versions ?? {}).map(([version, of]) => [version, withoutValues(of)] as const);
  return {
    ...others,
    ...(value !== undefined && { value: '' }),
    ...(versions && { versions: Object.fromEntries(inner) }),
  };
}
