import { readFileSync, realpathSync, statSync } from 'node:fs';
import { parseDotenv } from '../model/dotenv.js';
import { routeOf, variableLine } from '../model/environment-variables.js';
import type { LocalSecretVersion } from '../model/local/schema.js';
import type { SecretSource } from '../model/local/settings.js';
import { get } from '../model/v1/convert.js';

/** The environment variables that a mapping may name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The largest value of a secret version, in bytes (Secret Manager's quotas). */
const maxSecretBytes = 64 * 1024;

/** A mapped source is not available; the message says what and why. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** The current value of a secret version. @throws Unavailable */
export async function secretValue(source: SecretSource, env: Environment): Promise<Buffer> {
  if ('kubernetesSecret' in source) {
    throw new Unavailable(`the Secret ${source.kubernetesSecret} is in a cluster, and only pods can read it`);
  }
  if (!('inline' in source)) return readSource(source, env);
  const { readLocal } = await import('./settings-file.js');
  const local = await readLocal(source.inline).catch((error: Error) => {
    throw new Unavailable(error.message);
  });
  const value = get(local.value, source.at) as LocalSecretVersion['value'];
  if (value === undefined) throw new Unavailable(`${source.inline} no longer has it`);
  return limited(Buffer.from(value), source.inline);
}

/** Why a secret version has no value now; undefined if it has one. */
export function secretProblem(source: SecretSource, env: Environment): string | undefined {
  // An inline value was read together with localrun.yaml.
  return 'inline' in source || 'kubernetesSecret' in source ? undefined : problemOf(() => readSource(source, env));
}

/** Whether a variable can hold the current value, if there is one. */
export function canHold(name: string, source: SecretSource, env: Environment): boolean {
  if (routeOf(name, true) === 'environment' || 'kubernetesSecret' in source) return true;
  if ('inline' in source) return variableLine(name, source.lines ? '\n' : '') !== undefined;
  if (secretProblem(source, env) !== undefined) return true;
  return variableLine(name, readSource(source, env).toString()) !== undefined;
}

/** The file that a secret is read from: its name, and its real path if that differs. */
export function filesOf(source: SecretSource): string[] {
  const file = 'file' in source ? source.file : 'dotenv' in source ? source.dotenv : undefined;
  if (file === undefined) return [];
  try {
    return [...new Set([file, realpathSync(file)])];
  } catch {
    return [file];
  }
}

/** A source of which this process gets the value by itself. */
type ReadSource = Exclude<SecretSource, { inline: string } | { kubernetesSecret: string }>;

function readSource(source: ReadSource, env: Environment): Buffer {
  if ('env' in source) {
    const value = env[source.env];
    if (value === undefined) throw new Unavailable(`the environment variable ${source.env} is not set`);
    return limited(Buffer.from(value), source.env);
  }
  if ('file' in source) return limited(read(source.file), source.file);
  const value = parseDotenv(read(source.dotenv).toString()).variables.get(source.key);
  if (value === undefined) throw new Unavailable(`${source.dotenv} does not set ${source.key}`);
  return limited(Buffer.from(value), source.key);
}

function read(file: string): Buffer {
  // Reading a pipe would block.
  if (!status(file).isFile()) throw new Unavailable(`${file} is not a regular file`);
  try {
    return readFileSync(file);
  } catch (error) {
    throw unavailable(file, error);
  }
}

function limited(value: Buffer, where: string): Buffer {
  if (value.length <= maxSecretBytes) return value;
  throw new Unavailable(`${where} has ${value.length} bytes, and a secret has ${maxSecretBytes} at most`);
}

/** A path with its symbolic links resolved. @throws Unavailable */
export function realPath(file: string): string {
  status(file);
  return realpathSync(file);
}

/** A directory by its real path, symbolic links resolved. @throws Unavailable */
export function realDirectory(directory: string): string {
  if (!status(directory).isDirectory()) throw new Unavailable(`${directory} is a file and must be a directory`);
  return realpathSync(directory);
}

/** A socket, or the directory that one is in, by its real path. @throws Unavailable */
export function realSocket(socket: string): string {
  const info = status(socket);
  if (info.isDirectory() || info.isSocket()) return realpathSync(socket);
  throw new Unavailable(`${socket} is neither a socket nor a directory`);
}

function status(file: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(file);
  } catch (error) {
    throw unavailable(file, error);
  }
}

function unavailable(file: string, error: unknown): Unavailable {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'there is no such file or directory' : code === 'EACCES' ? 'no permission' : message;
  return new Unavailable(`${file}: ${why}`);
}

/** Runs `attempt` and returns the message if something is unavailable; otherwise undefined. */
export function problemOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}
