import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { StatusError } from '../model/errors.js';
import { serverAddress } from '../model/server-address.js';
import { Exchange } from './exchange.js';
import type { Grpc } from './grpc/grpc.js';
import { Guard } from './guard.js';
import { http1Server } from './http1.js';
import { type Limits, usualLimits } from './limits.js';
import { type Address, listen, type Tls } from './listener.js';
import type { ServerCall } from './methods/method.js';
import { type Answer, routes } from './routes.js';
import { isFault } from './status.js';

/** How long answers that have begun may take once the server closes, in ms. */
const patience = 5000;

export interface ServerOptions extends Address {
  /** What every request must bring; undefined: nothing. */
  token?: string | undefined;
  tls?: Tls | undefined;
  limits?: Partial<Limits> | undefined;
  call: Omit<ServerCall, 'address'>;
  /** Reports a fault of this program. */
  report: (error: unknown) => void;
}

export interface Server {
  port: number;
  /** Its address, without a slash at the end. */
  url: string;
  /** Takes no more requests, and ends once the last answer is out, or after five seconds. */
  close: () => Promise<void>;
}

/** Serves the API. @throws StatusError if it cannot listen */
export async function openServer({
  host,
  port: wanted,
  token,
  tls,
  limits: given,
  call,
  report,
}: ServerOptions): Promise<Server> {
  const limits = { ...usualLimits, ...given };
  const guard = new Guard(token);
  const closing = new AbortController();
  // Every request that waits listens.
  setMaxListeners(0, closing.signal);
  const sockets = new Set<Socket>();
  const http1 = http1Server((request, response) => void answer(request, response), limits);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response, served, closing.signal);
    try {
      guard.check(exchange.origins);
      await (
        await answerOf(exchange.path)
      )(exchange);
    } catch (error) {
      if (isFault(error)) report(error);
      exchange.fail(error);
    }
  }

  let grpc: Promise<Grpc> | undefined;
  async function connect(socket: Socket): Promise<void> {
    // HTTP/2 ends for both sides at once. The connection may fail before a session listens.
    socket.allowHalfOpen = false;
    socket.on('error', () => {});
    try {
      grpc ??= import('./grpc/grpc.js').then(({ openGrpc }) =>
        openGrpc({ call: served, guard, patience: limits.body, closing: closing.signal, report }),
      );
      const { connect: take } = await grpc;
      if (closing.signal.aborted) socket.destroy();
      else take(socket);
    } catch (error) {
      report(error);
      socket.destroy();
    }
  }

  const listener = await listen({ host, port: wanted }, tls, limits, {
    http1: (socket) => http1.emit('connection', socket),
    http2: (socket) => void connect(socket),
  });
  const { port } = listener;
  listener.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const address = serverAddress({ host, port, tls: tls !== undefined });
  const served: ServerCall = { ...call, address };
  return {
    port,
    url: address,
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(resolve));
      closing.abort();
      if (grpc) (await grpc).close(patience);
      // A connection may become idle only now, with an answer that had begun before.
      const idle = setInterval(() => http1.closeIdleConnections(), 50);
      const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), patience);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
      http1.close();
    },
  };
}

const loaded = new Map<string, Answer>();

async function answerOf(path: string): Promise<Answer> {
  const route = routes.find(({ at }) => path.startsWith(at));
  if (!route) throw new StatusError('NOT_FOUND', 'Method not found.');
  const known = loaded.get(route.at);
  if (known) return known;
  const answer = await route.load();
  loaded.set(route.at, answer);
  return answer;
}
