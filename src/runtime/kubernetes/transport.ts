import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../model/errors.js';

type Environment = Record<string, string | undefined>;

/** Where requests go. */
export interface Endpoint {
  /** Begins a request; its errors are those of the connection. */
  request: (
    options: Omit<http.RequestOptions, 'headers'> & { headers?: http.OutgoingHttpHeaders },
  ) => http.ClientRequest;
  /** Aborted once it no longer answers. */
  gone: AbortSignal;
  close: () => void;
}

/** For kubectl, which without a home directory would keep a cache in the working directory; we need none. */
export const withoutCache = `--cache-dir=${os.devNull}`;

/** Files of a pod that may talk to its API server. */
const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this process runs in a pod whose service account can be used. */
export const inCluster = (env: Environment): boolean =>
  Boolean(env['KUBERNETES_SERVICE_HOST']) && existsSync(`${account}/token`);

export const podNamespace = (): string => readFileSync(`${account}/namespace`, 'utf8').trim();

/** The API server of the cluster that this process runs in. The token is read for each request, because it rotates. */
export function inClusterEndpoint(env: Environment): Endpoint {
  const agent = new https.Agent({ keepAlive: true, ca: readFileSync(`${account}/ca.crt`) });
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  return {
    request: (options) => {
      const token = readFileSync(`${account}/token`, 'utf8').trim();
      const headers = { ...options.headers, Authorization: `Bearer ${token}` };
      return https.request({ ...options, host, port, agent, headers });
    },
    gone: new AbortController().signal,
    close: () => agent.destroy(),
  };
}

/**
 * Runs a program, and ends it once stdin is closed: also when this process is killed. Then it removes the directory $0.
 */
const tied =
  'exec 3<&0; "$@" 3<&- </dev/null & program=$!; { cat <&3 >/dev/null; kill $program; } 2>/dev/null & exec 3<&-; wait $program; code=$?; rm -rf "$0"; exit $code';

/** How long an ended kubectl's output is waited for, in ms. */
const lastWords = 1000;

/** What kubectl prints once it listens. */
const ready = /^Starting to serve/;

/**
 * The API server that kubectl reaches: contexts, credentials, plugins and proxies are its business. It listens on a
 * socket in a directory of ours, in a process group of its own, which Ctrl-C does not reach.
 * @param patienceMs how long kubectl may take to start
 * @throws StatusError FAILED_PRECONDITION if kubectl does not start; `fix` says what to do
 */
export async function kubectlEndpoint(
  kubectl: string,
  args: readonly string[],
  env: Environment,
  patienceMs: number,
): Promise<Endpoint> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-'));
  const socketPath = path.join(directory, 'api');
  const command = [kubectl, withoutCache, ...args, 'proxy', `--unix-socket=${socketPath}`];
  const child = spawn('/bin/sh', ['-c', tied, directory, ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env,
  });
  const gone = new AbortController();
  // The shell may have ended.
  child.stdin.on('error', () => {});
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
  const started = new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, patienceMs, false).unref();
    child.stdout.setEncoding('utf8').on('data', (text: string) => ready.test(text) && resolve(true));
    child.once('exit', () => {
      clearTimeout(timer);
      child.stdin.destroy();
      gone.abort();
      resolve(false);
    });
  });
  const closed = once(child, 'close');
  if (!(await started)) {
    child.stdin.destroy();
    // What it has said may come later than its exit; a child of its own may keep the pipe open.
    await Promise.race([closed, sleep(lastWords, undefined, { ref: false })]);
    throw notStarted(kubectl, said, child.exitCode);
  }
  // Nothing of it keeps this process alive.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as unknown as { unref(): void }).unref();
  const agent = new http.Agent({ keepAlive: true });
  return {
    request: (options) => http.request({ ...options, socketPath, agent }),
    gone: gone.signal,
    close: () => {
      agent.destroy();
      child.stdin.destroy();
    },
  };
}

/** What the shell exits with if there is no such program. */
const noProgram = 127;

function notStarted(kubectl: string, said: string, exitCode: number | null): StatusError {
  if (exitCode === noProgram) {
    return new StatusError('FAILED_PRECONDITION', `Cannot run ${kubectl}, with which localrun reaches the cluster.`, {
      fix: 'install kubectl (https://kubernetes.io/docs/tasks/tools), or set LOCALRUN_KUBECTL to its path',
    });
  }
  const reason =
    said
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /, '') || 'it does not say why';
  return new StatusError('FAILED_PRECONDITION', `${kubectl} cannot be used to reach the cluster: ${reason}`, {
    fix: 'kubectl config get-contexts shows the contexts that there are; KUBECONFIG names the file that has them',
  });
}
