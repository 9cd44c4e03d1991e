import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

const limits = {
  maxHeaderSize: 16 * 1024,
  /** In ms: for the headers, and for the whole request with its body. */
  headersTimeout: 10_000,
  requestTimeout: 40_000,
  connectionsCheckingInterval: 1000,
  /** How long an idle connection stays open. Clients are told of half: who believes that never meets its end. */
  keepAliveTimeout: 120_000,
};

/** What a parser of HTTP cannot read, as its code says it. */
const parseErrors: Readonly<Record<string, [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, `The headers of a request may have ${limits.maxHeaderSize} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

/** A server that listens nowhere: connections are passed to it. */
export function http1Server(handle: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(limits, (request, response) => {
    response.setHeader('Keep-Alive', `timeout=${limits.keepAliveTimeout / 2000}`);
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
