import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream';
import type { CloudSqlEndpoint, LocalSettings } from '../../../model/local/settings.js';
import type { TaskTemplate } from '../../../model/schema/job.js';

/**
 * The directory that jobs see as /cloudsql: a socket for every instance that is an endpoint of TCP, which we pass on to
 * it, and places for those that are mounted into it. The files are PostgreSQL's or MySQL's, as in Cloud Run. What is
 * there already stays, since containers that run may have it mounted.
 * @returns how to end it
 */
export async function openCloudSql(
  directory: string,
  { volumes = [] }: TaskTemplate,
  { cloudSql }: LocalSettings,
): Promise<() => void> {
  if (!volumes.some(({ cloudSqlInstance }) => cloudSqlInstance)) return () => {};
  makeOpen(directory);
  const instances = Object.entries(cloudSql).map(([name, endpoint]) => open(path.join(directory, name), endpoint));
  const closers = await Promise.all(instances);
  return () => closers.forEach((close) => close());
}

async function open(place: string, endpoint: CloudSqlEndpoint): Promise<() => void> {
  const isFile = 'tcp' in endpoint ? endpoint.engine === 'mysql' : !isDirectory(endpoint.socket);
  if (!isFile) makeOpen(place);
  if ('tcp' in endpoint) return listen(isFile ? place : path.join(place, '.s.PGSQL.5432'), endpoint.tcp);
  if (isFile) writeFileSync(place, '', { flag: 'a' });
  return () => {};
}

/** One that any user of a container may look into. */
function makeOpen(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o755);
}

const isDirectory = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? true;

async function listen(socket: string, endpoint: string): Promise<() => void> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  const server = net.createServer((client) => pipeline(client, net.connect(Number(port), host), client, () => {}));
  // The name of a socket has 107 bytes at most; by its open directory, any can be named in that.
  const directory = openSync(path.dirname(socket), 'r');
  const short = `/proc/self/fd/${directory}`;
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(existsSync(short) ? path.join(short, path.basename(socket)) : socket, resolve);
  });
  // Whoever the program in the container is, it may connect.
  chmodSync(socket, 0o666);
  server.unref();
  return () => void server.close(() => closeSync(directory));
}
