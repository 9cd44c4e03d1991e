import { execFile } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { KubernetesSettings } from '../../model/local/settings.js';
import { type Code, StatusError } from '../../model/errors.js';
import { formatSpan } from '../../model/time.js';
import type { SlowCall } from '../port.js';
import {
  type Endpoint,
  inCluster,
  inClusterEndpoint,
  kubectlEndpoint,
  podNamespace,
  withoutCache,
} from './transport.js';

export interface ApiOptions {
  settings: KubernetesSettings;
  kubectl: string;
  env: Record<string, string | undefined>;
  /** How long a request may be unanswered. */
  patienceMs: number;
}

/** How the cluster is reached: through a context of kubectl, or as one of its own pods. */
export interface Access {
  context: string | undefined;
  namespace: string;
}

/** A request to the API server. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** After the namespace: `pods/NAME`; from the root if it begins with a slash. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
}

/** What the API server refuses, with its reason: AlreadyExists, NotFound. */
export class ApiError extends StatusError {
  override name = 'ApiError';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(refusals[status] ?? 'FAILED_PRECONDITION', message);
    this.status = status;
    this.reason = reason;
  }
}

const refusals: Record<number, Code> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  410: 'ABORTED',
  422: 'INVALID_ARGUMENT',
};

/** The rest may be another time: credentials that have expired, timeouts, too many requests. */
const passing: readonly number[] = [401, 408, 429];

export const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** How long requests that are under way may still take once the process is about to end, in ms. */
const lastPatience = 5000;

/** Short for a person who would ask with kubectl. */
const verbs = { GET: 'get', POST: 'create', PATCH: 'patch', DELETE: 'delete' } as const;

interface Call {
  name: string;
  since: number;
}

/** The API server of a cluster: requests about objects of one namespace, and streams. */
export class KubernetesApi {
  readonly #options: ApiOptions;
  readonly #calls = new Set<Call>();
  /** Ends each request under way. */
  readonly #ends = new Set<() => void>();
  /** The kinds of requests that were allowed once. */
  readonly #allowed = new Set<string>();
  /** When it last did not answer, by a monotonic clock. */
  #away = -Infinity;
  #endpoint: Promise<Endpoint> | undefined;
  #closed = false;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Where it is. @throws StatusError FAILED_PRECONDITION if kubectl cannot tell */
  readonly access = remembered(() => this.#findAccess());

  async #findAccess(): Promise<Access> {
    const { settings, kubectl, env } = this.#options;
    const { context, namespace } = settings;
    if (this.#isInside) return { context: undefined, namespace: namespace ?? podNamespace() };
    if (context !== undefined && namespace !== undefined) return { context, namespace };
    const args = [withoutCache, 'config', 'view', '--minify', '--output=json', ...contextArgs(context)];
    const { stdout } = await promisify(execFile)(kubectl, args, { env }).catch(() => ({ stdout: '{}' }));
    const config = JSON.parse(stdout) as {
      'current-context'?: string;
      contexts?: { context?: { namespace?: string } }[];
    };
    return {
      context: context ?? config['current-context'],
      namespace: namespace ?? config.contexts?.[0]?.context?.namespace ?? 'default',
    };
  }

  /** Without a context, a pod uses the cluster that it runs in. */
  get #isInside(): boolean {
    const { settings, env } = this.#options;
    return settings.context === undefined && inCluster(env);
  }

  #connect(): Promise<Endpoint> {
    if (this.#closed) return Promise.reject(unavailable('The cluster is no longer used.'));
    const forget = (): void => {
      this.#endpoint = undefined;
    };
    this.#endpoint ??= this.#open().then(
      (endpoint) => {
        endpoint.gone.addEventListener('abort', forget);
        if (endpoint.gone.aborted) forget();
        if (this.#closed) endpoint.close();
        return endpoint;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    return this.#endpoint;
  }

  async #open(): Promise<Endpoint> {
    const { settings, kubectl, env, patienceMs } = this.#options;
    if (this.#isInside) return inClusterEndpoint(env);
    return kubectlEndpoint(kubectl, contextArgs(settings.context), env, patienceMs);
  }

  /** The request that has been unanswered longest. */
  get slowest(): SlowCall | undefined {
    const [first] = [...this.#calls].toSorted((a, b) => a.since - b.since);
    return first && { call: first.name, ms: performance.now() - first.since };
  }

  /** Ends streams at once, and requests soon. */
  close(): void {
    this.#closed = true;
    const endpoint = this.#endpoint;
    for (const end of this.#ends) end();
    void endpoint
      ?.then((open) => setTimeout(() => open.close(), this.#calls.size > 0 ? lastPatience : 0).unref())
      .catch(() => {});
  }

  /**
   * The answer to a request, as JSON.
   * @throws ApiError if the server refuses it; StatusError UNAVAILABLE if it does not answer, or cannot at the moment
   */
  async call<T>(request: ApiRequest): Promise<T> {
    const call = { name: nameOf(request), since: performance.now() };
    this.#calls.add(call);
    const silence = new AbortController();
    const { patienceMs } = this.#options;
    const timer = setTimeout(() => silence.abort(), patienceMs).unref();
    try {
      const response = await this.#send(request, silence.signal);
      const body = await text(response);
      return this.#parsed(request, response, body) as T;
    } catch (error) {
      if (silence.signal.aborted) {
        throw unavailable(`The cluster has not answered for ${formatSpan(patienceMs)} (${call.name}).`);
      }
      throw error;
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }

  /** The same without the answer; false if there is no such object. */
  async callIfThere(request: ApiRequest): Promise<boolean> {
    try {
      await this.call(request);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Undefined if there is no such pod. */
  async getPod(name: string): Promise<Pod | undefined> {
    try {
      return await this.call<Pod>({ method: 'GET', path: `pods/${name}` });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * The answer as a stream, which `signal` ends. It may be silent for any time.
   * @throws as `call`
   */
  async stream(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    this.#ends.add(abort);
    const over = (): void => {
      signal.removeEventListener('abort', abort);
      this.#ends.delete(abort);
    };
    try {
      const response = await this.#send(request, end.signal);
      response.once('close', over);
      if ((response.statusCode ?? 0) >= 400) this.#parsed(request, response, await text(response));
      this.#allowed.add(kindOf(request));
      return response;
    } catch (error) {
      over();
      throw error;
    }
  }

  /** An API server that has just started may refuse what it allows once it has read the rights. */
  #parsed(request: ApiRequest, response: IncomingMessage, body: string): unknown {
    const kind = kindOf(request);
    try {
      const answer = parsed(response, body);
      this.#allowed.add(kind);
      return answer;
    } catch (error) {
      const { status, code, message = '' } = error as Partial<ApiError>;
      if (code === 'UNAVAILABLE') this.#away = performance.now();
      const mayPass = this.#allowed.has(kind) || performance.now() - this.#away < startMs;
      if (status !== 403 || !lacksRight.test(message) || !mayPass) throw error;
      throw unavailable(`The cluster does not allow it at the moment: ${message}.`);
    }
  }

  async #send({ method, path, query = {}, body }: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { namespace } = await this.access();
    const endpoint = await this.#connect();
    const data = body && JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return new Promise((resolve, reject) => {
      const request = endpoint.request({
        ...{ method, signal },
        path: `${path.startsWith('/') ? path : `/api/v1/namespaces/${namespace}/${path}`}${queryString(query)}`,
        headers: {
          Accept: 'application/json',
          ...(data && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(data) }),
        },
      });
      request.once('response', resolve);
      request.on('error', ({ message }) => {
        this.#away = performance.now();
        reject(unavailable(`The cluster does not answer: ${message}.`));
      });
      request.end(data);
    });
  }
}

const contextArgs = (context: string | undefined): string[] => (context === undefined ? [] : [`--context=${context}`]);

const nameOf = ({ method, path }: ApiRequest): string =>
  `kubectl ${verbs[method]} ${path.replace(/^\/(?:api\/v1\/)?/, '')}`;

/** How long an API server may take to read the rights after it began to answer, in ms. */
const startMs = 60_000;

/** What the server says of a right that a user lacks, and not of a quota or a policy. */
export const lacksRight = /^\S.* is forbidden: User .* cannot /;

/** What the server decides about as one. */
const kindOf = ({ method, path, query }: ApiRequest): string =>
  [method, path.replace(/^(\/api\/v1\/)?(\w+)\/[^/]+/, '$2/'), query?.['watch'] ?? ''].join(' ');

const unavailable = (message: string): StatusError => new StatusError('UNAVAILABLE', message);

function queryString(query: NonNullable<ApiRequest['query']>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw unavailable(`The cluster does not answer: ${(error as Error).message}.`);
  }
  return Buffer.concat(chunks).toString();
}

interface ServerStatus {
  message?: string;
  reason?: string;
}

/** The answer, if it is one. What the server cannot do at the moment, or what has not reached it, can be repeated. */
function parsed({ statusCode = 0, headers }: IncomingMessage, body: string): unknown {
  const isJson = headers['content-type']?.startsWith('application/json') ?? false;
  if (statusCode < 400) return isJson ? JSON.parse(body) : body;
  const { message = body.trim(), reason = '' } = isJson ? (JSON.parse(body) as ServerStatus) : {};
  if (statusCode < 500 && !passing.includes(statusCode)) throw new ApiError(statusCode, reason, message);
  throw unavailable(`The cluster does not answer: ${(message || `status ${statusCode}`).replace(/\.$/, '')}.`);
}

/** A function that works at its first call and remembers the result; a failure is not remembered. */
export function remembered<T>(work: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () =>
    (known ??= work().catch((error: unknown) => {
      known = undefined;
      throw error;
    }));
}
