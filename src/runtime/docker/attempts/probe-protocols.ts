import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Probe } from '../../../model/schema/probe.js';

/** What is wrong with the answer to a GET; undefined for a status from 200 to 399. */
export function askHttp(connection: Duplex, action: NonNullable<Probe['httpGet']>): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value ?? '']));
    const request = http.request({
      createConnection: () => connection,
      path: action.path || '/',
      headers: { host: 'localhost', ...headers },
    });
    request.on('error', reject);
    request.on('response', ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `status code ${statusCode}`);
    });
    request.end();
  });
}

/** What is wrong with the answer of grpc.health.v1.Health/Check; undefined if it is SERVING. */
export async function askGrpc(connection: Duplex, service: string): Promise<string | undefined> {
  const session = http2.connect('http://localhost', { createConnection: () => connection });
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const body: Buffer[] = [];
      let status = 'missing';
      const note = ({ 'grpc-status': value }: http2.IncomingHttpHeaders): void => {
        if (typeof value === 'string') status = value;
      };
      stream.on('response', note);
      stream.on('trailers', note);
      stream.on('data', (chunk: Buffer) => body.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => {
        const serving = isServing(Buffer.concat(body));
        if (status === '0') resolve(serving ? undefined : 'not SERVING');
        else resolve(`grpc-status ${status}`);
      });
      stream.end(message(healthCheckRequest(service)));
    });
  } finally {
    session.destroy();
  }
}

/** A gRPC message: not compressed, its length, its bytes. */
function message(body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** HealthCheckRequest { string service = 1; } of a name under 128 bytes, as services have. */
function healthCheckRequest(service: string): Buffer {
  const name = Buffer.from(service).subarray(0, 127);
  return name.length > 0 ? Buffer.concat([Buffer.from([0x0a, name.length]), name]) : name;
}

/** HealthCheckResponse { ServingStatus status = 1; } with SERVING = 1. */
const isServing = (answer: Buffer): boolean => answer.subarray(5, 7).equals(Buffer.from([0x08, 1]));
