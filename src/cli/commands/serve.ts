import { closeSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Context } from '../command/context.js';
import { RunnerProcess } from '../command/runner-process.js';
import { clients, exportLines, serverEnvironment } from '../command/server-environment.js';
import { StatusError } from '../../model/errors.js';
import { serverAddress } from '../../model/server-address.js';
import { Interrupted, OtherEnded, UsageError } from '../errors.js';
import type { CommonOptions } from '../flags/global.js';
import type { ServeFlags } from '../flags/serve.js';
import type { Signal } from '../io.js';

type Options = CommonOptions & ServeFlags;

/** Addresses that only this machine reaches. */
const own = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

export function parse(
  _context: unknown,
  { host = '127.0.0.1', port = 8080, token, tlsCert, tlsKey, printEnv }: Options,
): object {
  if (port > 65_535) throw new UsageError(`argument --port: Value must be at most 65535; received: ${port}`);
  if (token === '') throw new UsageError('argument --token: must not be empty');
  if (!own.test(host) && token === undefined) {
    throw new UsageError(`argument --host: others can reach ${host}, so that --token is needed, too`);
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new UsageError('argument --tls-cert: --tls-cert and --tls-key need each other');
  }
  if (printEnv !== undefined && port === 0) {
    throw new UsageError('argument --print-env: needs the --port of the server, which is not 0');
  }
  return { host, port };
}

export async function run(context: Context, options: Options, command: readonly string[] = []): Promise<void> {
  const { io, config } = context;
  const { host = '', port = 0, token, readyFd, printEnv } = options;
  const defaults = { project: config.project, location: config.location, token };
  if (printEnv !== undefined) {
    const url = serverAddress({ host, port, tls: options.tlsCert !== undefined });
    io.out.write(exportLines(serverEnvironment(url, defaults, printEnv === true ? clients : [printEnv])));
    return;
  }
  const tls = tlsOf(context, options);
  const opened = await context.runner();
  const beside = new RunnerProcess(io);
  const call = { ...opened, spawnWorker: beside.start, project: config.project, location: config.location };
  const report = (error: unknown): void => io.err.write(`ERROR: ${(error as Error).stack ?? String(error)}\n`);
  const stopped = signalled(context);
  try {
    const server = await context.openServer({ host, port, token, tls, call, report });
    try {
      if (readyFd !== undefined) tellPort(readyFd, server.port);
      io.err.write(`Serving the Cloud Run Admin API on ${server.url}\n`);
      if (command.length === 0) throw new Interrupted(await stopped.first);
      const code = await runCommand(context, command, serverEnvironment(server.url, defaults), stopped);
      if (code !== 0) throw new OtherEnded(code);
    } finally {
      await server.close();
    }
  } finally {
    stopped.ignore();
    await beside.close();
  }
}

interface Signals {
  first: Promise<Signal>;
  each: (handler: (signal: Signal) => void) => void;
  ignore: () => void;
}

function signalled({ io }: Context): Signals {
  const handlers = new Set<(signal: Signal) => void>();
  const ignore = io.onSignal((signal) => handlers.forEach((handler) => handler(signal)));
  const first = new Promise<Signal>((resolve) => handlers.add(resolve));
  return { first, each: (handler) => void handlers.add(handler), ignore };
}

/** Runs the command with these variables besides its own, passes signals on to it, and returns its exit code. */
async function runCommand(
  { io }: Context,
  command: readonly string[],
  variables: Record<string, string>,
  signals: Signals,
): Promise<number> {
  const [program = '', ...args] = command;
  const child = io.runProgram(program, args, { ...io.env, ...variables });
  // Ctrl-C in a terminal has reached the command already.
  signals.each((signal) => {
    if (signal !== 'SIGINT' || !io.interactive) child.kill(signal);
  });
  return child.ended;
}

/** The certificate and its key. @throws StatusError */
function tlsOf({ io }: Context, { tlsCert, tlsKey }: Options): { cert: string; key: string } | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const read = (file: string): string => {
    try {
      return readFileSync(path.resolve(io.cwd, file), 'utf8');
    } catch (error) {
      throw new StatusError('NOT_FOUND', `Cannot read [${file}]: ${(error as Error).message}`);
    }
  };
  return { cert: read(tlsCert), key: read(tlsKey) };
}

/** @throws StatusError INVALID_ARGUMENT */
function tellPort(descriptor: number, port: number): void {
  try {
    writeSync(descriptor, `${port}\n`);
    if (descriptor > 2) closeSync(descriptor);
  } catch (error) {
    const why = (error as Error).message;
    throw new StatusError('INVALID_ARGUMENT', `Cannot write to the file descriptor ${descriptor}: ${why}`);
  }
}
