import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Code } from '../model/errors.js';
import type { Limits } from './limits.js';

const maxHeaderSize = 16 * 1024;

/** What clients are told of that at most, in seconds. */
const longestPromise = 60;

/** What a parser of HTTP cannot read, as its code says it. */
const parseErrors: Readonly<Record<string, [status: number, code: Code, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'INVALID_ARGUMENT', `The headers of a request may have ${maxHeaderSize} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'DEADLINE_EXCEEDED', 'The request did not arrive in time.'],
};

const unreadable = [400, 'INVALID_ARGUMENT', 'This is no request of HTTP/1.1.'] as const;

/**
 * A server that listens nowhere: connections are passed to it. It tells clients half of the time that a connection may be
 * idle, so that who believes that never sends a request to one that is just being closed.
 */
export function http1Server(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { headers, body, idle }: Limits,
): Server {
  const promise = `timeout=${Math.min(longestPromise, Math.floor(idle / 2000))}`;
  const options = {
    maxHeaderSize,
    headersTimeout: headers,
    requestTimeout: headers + body,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: idle,
  };
  const server = createServer(options, (request, response) => {
    response.setHeader('Keep-Alive', promise);
    handle(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const [status, code, message] = parseErrors[error.code ?? ''] ?? unreadable;
    const text = JSON.stringify({ error: { code: status, message, status: code } });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
        `Content-Type: application/json; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      () => socket.destroy(),
    );
  });
  // From here on it counts its connections, so that it can time them and close idle ones.
  server.emit('listening');
  return server;
}
