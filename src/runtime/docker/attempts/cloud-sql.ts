import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream';
import type { CloudSqlEndpoint, LocalSettings } from '../../../model/local/settings.js';
import type { TaskTemplate } from '../../../model/schema/job.js';

/**
 * Fills the directory that jobs see as /cloudsql: a socket for every instance with a TCP endpoint, which forwards
 * connections to it, and mount points for the sockets of other instances. The files have the names of PostgreSQL or
 * MySQL, as in Cloud Run. Existing files stay, because running containers may have them mounted.
 * @returns a function that ends it
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

/** Any user of a container may list the directory. */
function makeOpen(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o755);
}

const isDirectory = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? true;

async function listen(socket: string, endpoint: string): Promise<() => void> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  const server = net.createServer((client) => pipeline(client, net.connect(Number(port), host), client, () => {}));
  // A socket's path has at most 107 bytes; through its open directory, any socket can be addressed.
  const directory = openSync(path.dirname(socket), 'r');
  const short = `/proc/self/fd/${directory}`;
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(existsSync(short) ? path.join(short, path.basename(socket)) : socket, resolve);
  });
  // Any user of the container may connect.
  chmodSync(socket, 0o666);
  server.unref();
  return () => void server.close(() => closeSync(directory));
}
