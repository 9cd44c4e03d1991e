import type { Duplex } from 'node:stream';
import type { Probe } from '../../../model/schema/probe.js';
import { pause } from '../../sleep.js';
import { askGrpc, askHttp } from './probe-protocols.js';

export interface ProbeFailure {
  /** What was asked. */
  probe: string;
  failures: number;
  detail: string;
}

type Dial = (port: number) => Promise<Duplex | 'refused' | 'homeless'>;

/**
 * Asks a container whether it is up, from outside it, until it says yes or has failed too often; then what was wrong.
 * Undefined also once `over` is aborted. Delay, period, timeout and threshold are those of the probe, in seconds.
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

/** What a connection that the container closes fails with, by when it does so: before, while or after it is asked. */
const hangUps = new Set(['EPIPE', 'ECONNRESET']);

/** What is wrong; undefined if the container is up. The timeout counts from the moment when the connection stands. */
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
