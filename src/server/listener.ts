import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../model/errors.js';
import type { Limits } from './limits.js';

/** How a connection over HTTP/2 begins (RFC 9113, 3.4). The first three bytes are enough: no method begins like that. */
const preface = Buffer.from('PRI');

/** Takes connections, with what was read of them put back. */
export interface Protocols {
  http1: (socket: net.Socket) => void;
  http2: (socket: net.Socket) => void;
}

export interface Address {
  host: string;
  /** 0: any that is free. */
  port: number;
}

/** The certificate and its key, in PEM. */
export interface Tls {
  cert: string;
  key: string;
}

export interface Listener {
  server: net.Server;
  port: number;
  /** Takes no more connections, and ends those that have said nothing yet. Calls back once the last one has ended. */
  close: (closed: () => void) => void;
}

/**
 * Listens on one port for all protocols: the first bytes of a connection decide, or with TLS what both sides agree on.
 * @throws StatusError UNAVAILABLE if the port cannot be had, INVALID_ARGUMENT for a certificate that is none
 */
export async function listen(
  { host, port }: Address,
  tls: Tls | undefined,
  limits: Limits,
  protocols: Protocols,
): Promise<Listener> {
  const silent = new Set<net.Socket>();
  const take = (socket: net.Socket): void => sniff(socket, silent, limits.headers, protocols);
  const server = tls ? await secureServer(tls, limits.headers, take, protocols) : net.createServer(options, take);
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unavailable(error, { host, port })));
    server.listen({ host, port }, resolve);
  });
  const address = server.address();
  return {
    server,
    port: typeof address === 'object' && address ? address.port : port,
    close(closed) {
      server.close(closed);
      for (const socket of silent) socket.destroy();
    },
  };
}

function unavailable(error: NodeJS.ErrnoException, { host, port }: Address): StatusError {
  const why = error.code === 'EADDRINUSE' ? 'another program has it' : error.message;
  return new StatusError('UNAVAILABLE', `Cannot listen on port ${port} of ${host}: ${why}.`, {
    fix: 'choose another port; 0 stands for any that is free',
    cause: error,
  });
}

// A client may end its side of a connection once it has sent its request.
const options = { allowHalfOpen: true, noDelay: true, pauseOnConnect: false };

async function secureServer(
  { cert, key }: Tls,
  handshakeTimeout: number,
  take: (socket: net.Socket) => void,
  { http2 }: Protocols,
): Promise<net.Server> {
  const tls = await import('node:tls');
  try {
    // The first that the client has, too: HTTP/2 is for those who speak nothing else, as clients of gRPC.
    const server = tls.createServer({ ...options, handshakeTimeout, cert, key, ALPNProtocols: ['http/1.1', 'h2'] });
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') http2(socket);
      else take(socket);
    });
    // Also when the handshake takes too long: Node.js leaves the connection open.
    server.on('tlsClientError', (_, socket) => socket.destroy());
    return server;
  } catch (error) {
    throw new StatusError('INVALID_ARGUMENT', `The certificate or its key cannot be used: ${(error as Error).message}`);
  }
}

/** Waits for the first bytes, puts them back, and passes the connection on. Until then it is among the silent ones. */
function sniff(socket: net.Socket, silent: Set<net.Socket>, patience: number, { http1, http2 }: Protocols): void {
  silent.add(socket);
  const drop = (): void => void socket.destroy();
  const timer = setTimeout(drop, patience);
  const over = (): void => {
    clearTimeout(timer);
    silent.delete(socket);
    socket.off('readable', look).off('error', drop).off('end', drop).off('close', over);
  };
  let seen = Buffer.alloc(0);
  function look(): void {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const isPreface = seen.subarray(0, preface.length).equals(preface.subarray(0, seen.length));
    if (isPreface && seen.length < preface.length) return;
    over();
    socket.unshift(seen);
    if (isPreface) http2(socket);
    else http1(socket);
  }
  socket.on('readable', look).on('error', drop).on('end', drop).on('close', over);
}
