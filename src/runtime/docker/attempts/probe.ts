import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Probe } from '../../../model/schema/probe.js';
import { pause } from '../../sleep.js';

export interface ProbeFailure {
  /** What was probed. */
  probe: string;
  failures: number;
  detail: string;
}

type Dial = (port: number) => Promise<Duplex | 'refused' | 'homeless'>;

/**
 * Probes a container from outside until it is up, or has failed too often; then returns the last error. Undefined also
 * once `over` is aborted. Delay, period, timeout and threshold are the probe's, in seconds.
 */
export async function startupProbe(probe: Probe, dial: Dial, over: AbortSignal): Promise<ProbeFailure | undefined> {
  const { initialDelaySeconds = 0, periodSeconds, failureThreshold } = probe;
  const period = (periodSeconds || 10) * 1000;
  await pause(initialDelaySeconds * 1000, over);
  for (let failures = 0; !over.aborted;) {
    const since = performance.now();
    const detail = await ask(probe, dial);
    if (detail === undefined || over.aborted) return undefined;
    failures++;
    if (detail === lost || failures >= (failureThreshold || 3)) return { probe: described(probe), failures, detail };
    await pause(Math.max(0, period - (performance.now() - since)), over);
  }
  return undefined;
}

const lost = 'the sandbox of its attempt is gone';

/**
 * The errors of a connection that the container closes, depending on when it does so: before, during or after the
 * request.
 */
const hangUps = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/**
 * What is wrong; undefined if the container is up. The timeout counts from the moment when the connection is
 * established.
 */
async function ask({ httpGet, tcpSocket, grpc, timeoutSeconds }: Probe, dial: Dial): Promise<string | undefined> {
  const connection = await dial(httpGet?.port ?? tcpSocket?.port ?? grpc?.port ?? 0);
  if (connection === 'homeless') return lost;
  if (connection === 'refused') return 'connection refused';
  connection.on('error', () => {});
  const timeout = (timeoutSeconds || 1) * 1000;
  const timer = setTimeout(() => connection.destroy(new Error(`no answer within ${timeout / 1000}s`)), timeout);
  try {
    if (httpGet) return await askHttp(connection, httpGet);
    if (grpc) return await askGrpc(connection, grpc.service ?? '');
    return undefined;
  } catch (error) {
    const { code, message }: NodeJS.ErrnoException = connection.errored ?? (error as Error);
    return hangUps.has(code ?? '') ? 'socket hang up' : message;
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

function described({ httpGet, tcpSocket, grpc }: Probe): string {
  if (httpGet) return `HTTP (port ${httpGet.port}, path ${httpGet.path || '/'})`;
  return grpc ? `GRPC (port ${grpc.port})` : `TCP (port ${tcpSocket?.port})`;
}

/** What is wrong with the answer to a GET; undefined for a status from 200 to 399. */
function askHttp(connection: Duplex, action: NonNullable<Probe['httpGet']>): Promise<string | undefined> {
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
async function askGrpc(connection: Duplex, service: string): Promise<string | undefined> {
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
