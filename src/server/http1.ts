import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

const limits = {
  maxHeaderSize: 16 * 1024,
  /** In ms: for the headers, and for the whole request with its body. */
  headersTimeout: 10_000,
  requestTimeout: 40_000,
  connectionsCheckingInterval: 1000,
};

/** How long a connection may be idle, in ms. */
const usualIdle = 600_000;

/** What clients are told of that at most, in seconds. */
const longestPromise = 60;

/** What a parser of HTTP cannot read, as its code says it. */
const parseErrors: Readonly<Record<string, [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `The headers of a request may have ${limits.maxHeaderSize} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

/**
 * A server that listens nowhere: connections are passed to it. It tells clients half of the time that a connection may be
 * idle, so that who believes that never sends a request to one that is just being closed.
 */
export function http1Server(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  idle: number = usualIdle,
): Server {
  const promise = `timeout=${Math.min(longestPromise, Math.floor(idle / 2000))}`;
  const server = createServer({ ...limits, keepAliveTimeout: idle }, (request, response) => {
    response.setHeader('Keep-Alive', promise);
    handle(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const [status, message] = parseErrors[error.code ?? ''] ?? [400, 'This is no request of HTTP/1.1.'];
    const body = JSON.stringify({ error: { code: status, message, status: 'INVALID_ARGUMENT' } });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
        `Content-Type: application/json; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      () => socket.destroy(),
    );
  });
  // From here on it counts its connections, so that it can time them and close idle ones.
  server.emit('listening');
  return server;
}
