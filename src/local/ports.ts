import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { PublishedPort } from '../model/local/one-run.js';

/** Why a port cannot be opened; other reasons do not hold for the container engine, which has other rights. */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this port',
  EADDRNOTAVAIL: 'this machine does not have this address',
};

/** Why the container engine will not open a fixed port on this machine; undefined if it can, as far as this shows. */
export async function portProblem({ address, hostPort, protocol }: PublishedPort): Promise<string | undefined> {
  if (hostPort === undefined) return undefined;
  const server = protocol === 'tcp' ? createServer() : createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    if ('bind' in server) server.bind(hostPort, address);
    else server.listen(hostPort, address);
    await once(server, 'listening');
    server.close();
    return undefined;
  } catch (error) {
    return reasons[(error as NodeJS.ErrnoException).code ?? ''];
  }
}
