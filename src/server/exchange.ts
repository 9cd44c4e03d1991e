import type { IncomingMessage, ServerResponse } from 'node:http';
import { maxBodyBytes } from '../model/spec/request-body.js';
import { StatusError } from '../model/errors.js';
import type { ServerCall, Situation } from './methods/method.js';
import type { Origins } from './guard.js';
import { httpStatus } from './http-status.js';
import { statusOf } from './status.js';

/**
 * The cookie in which a browser brings the token, in base64url; only the page sets it. All servers of a host get it, so that
 * each port has its own.
 */
export const tokenCookie = ({ address }: ServerCall): string => `localrun-token-${new URL(address).port}`;

function cookieToken(cookies: string, call: ServerCall): string | undefined {
  const start = `${tokenCookie(call)}=`;
  const found = cookies.split(/;\s*/).find((cookie) => cookie.startsWith(start));
  return found && Buffer.from(found.slice(start.length), 'base64url').toString();
}

const tooLarge = (): StatusError =>
  new StatusError('INVALID_ARGUMENT', `Request payload size exceeds the limit: ${maxBodyBytes} bytes.`);

/** A body without the encoding in which it was sent. @throws StatusError INVALID_ARGUMENT */
async function decoded(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new StatusError('INVALID_ARGUMENT', `The content encoding ${JSON.stringify(encoding)} is not supported.`);
  }
  const { gunzip } = await import('node:zlib');
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: maxBodyBytes }, (error, bytes) => {
      if (!error) return resolve(bytes);
      const large = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      reject(large ? tooLarge() : new StatusError('INVALID_ARGUMENT', `The body is no gzip: ${error.message}`));
    });
  });
}

/** A value as the API sends it. */
export const jsonBytes = (body: unknown, pretty: boolean): Buffer =>
  Buffer.from(pretty ? `${JSON.stringify(body, null, 2)}\n` : JSON.stringify(body));

/** A request over HTTP/1.1 and its answer, as every route sees it. */
export class Exchange implements Situation {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: ServerCall;
  /** The method, after X-HTTP-Method-Override. */
  readonly httpMethod: string;
  /** The host, by the Host header or by the whole address that a proxy is sent, which counts (RFC 9112, 3.2.2). */
  readonly host: string | undefined;
  /** The path as sent, without the query. */
  readonly path: string;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  readonly #closing: AbortSignal;
  #gone: AbortController | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, call: ServerCall, closing: AbortSignal) {
    this.request = request;
    this.response = response;
    this.call = call;
    this.#closing = closing;
    const { method = 'GET', url = '/', headers } = request;
    const override = headers['x-http-method-override'];
    this.httpMethod = method === 'POST' && typeof override === 'string' ? override.toUpperCase() : method;
    const [start, authority] = (!url.startsWith('/') && /^[a-z]+:\/\/([^/?#]*)/i.exec(url)) || [''];
    this.host = authority ?? headers.host;
    const target = url.slice(start.length) || '/';
    const mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.#search = mark < 0 ? '' : target.slice(mark + 1);
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search));
  }

  /** Where it says that it comes from. */
  get origins(): Origins {
    const { origin, 'sec-fetch-site': fetchSite, authorization, cookie } = this.request.headers;
    return {
      ...{ host: this.host, origin, authorization },
      fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
      otherTokens: () => [
        ...(this.#search === '' ? [] : ['access_token', 'oauth_token'].map((name) => this.query.get(name))),
        cookie === undefined ? undefined : cookieToken(cookie, this.call),
      ],
    };
  }

  get signal(): AbortSignal {
    if (!this.#gone) {
      const gone = (this.#gone = new AbortController());
      const abort = (): void => gone.abort();
      if (this.#closing.aborted || this.response.destroyed) abort();
      this.#closing.addEventListener('abort', abort);
      this.response.once('close', () => {
        this.#closing.removeEventListener('abort', abort);
        abort();
      });
    }
    return this.#gone.signal;
  }

  get hasBody(): boolean {
    const { headers } = this.request;
    return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  }

  /** The body as text, also if it is compressed. @throws StatusError INVALID_ARGUMENT if it is too large, or no UTF-8; CANCELLED */
  async text(): Promise<string> {
    if (!this.hasBody) return '';
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      // The answer needs the connection, also if the rest of the body is not read.
      for await (const chunk of this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxBodyBytes) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw new StatusError('CANCELLED', 'The request has broken off.', { cause: error });
    }
    if (size > maxBodyBytes) throw tooLarge();
    const body = await decoded(Buffer.concat(chunks), this.request.headers['content-encoding']);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(body);
    } catch {
      throw new StatusError('INVALID_ARGUMENT', 'Invalid JSON payload received. It is not valid UTF-8.');
    }
  }

  json(status: number, body: unknown, pretty = true): void {
    this.send(status, jsonBytes(body, pretty));
  }

  /** Sends JSON. */
  send(status: number, bytes: Buffer): void {
    if (this.#closing.aborted) this.response.setHeader('Connection', 'close');
    this.response.writeHead(status, {
      'Content-Type': 'application/json; charset=UTF-8',
      'Content-Length': bytes.length,
      'Cache-Control': 'private',
      'X-Content-Type-Options': 'nosniff',
    });
    this.response.end(bytes);
  }

  /** Answers with the API's envelope of errors. */
  fail(error: unknown): void {
    const { response } = this;
    if (response.headersSent) return void response.destroy();
    const { code: status, message, details } = statusOf(error);
    const code = httpStatus(status);
    this.json(code, { error: { code, message, status, ...(details.length > 0 && { details }) } });
  }
}
