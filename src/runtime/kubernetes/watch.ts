import type { IncomingMessage } from 'node:http';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { ListMeta } from 'kubernetes-types/meta/v1.js';
import { StatusError } from '../../model/errors.js';
import type { Availability } from '../port.js';
import { pause } from '../sleep.js';
import { ApiError, type KubernetesApi } from './api.js';
import { pace } from './pace.js';

/** Receives a pod as it is now; undefined: it is gone. */
type Follower = (pod: Pod | undefined) => void;

interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: Pod & { code?: number };
}

/**
 * The pods of an execution as they are, kept up to date by one list and one watch. A watch that breaks off goes on where
 * it was; if the server no longer knows that point, the pods are listed again.
 */
export class PodWatch {
  readonly #api: KubernetesApi;
  readonly #selector: string;
  readonly #availability: Availability;
  readonly #over = new AbortController();
  readonly #pods = new Map<string, Pod>();
  readonly #followers = new Map<string, Follower>();
  /** Where to go on. */
  #version: string | undefined;

  constructor(api: KubernetesApi, selector: string, availability: Availability) {
    this.#api = api;
    this.#selector = selector;
    this.#availability = availability;
  }

  /** Reports a pod to `follower`, as far as it is known, and then each change of it, until the returned function is called. */
  follow(name: string, follower: Follower): () => void {
    this.#followers.set(name, follower);
    const pod = this.#pods.get(name);
    if (pod) follower(pod);
    return () => {
      this.#followers.delete(name);
      this.#pods.delete(name);
    };
  }

  /** A pod as another answer has it, unless a later state is known. */
  saw(pod: Pod): void {
    const name = nameOf(pod);
    const known = this.#pods.get(name);
    if (!known || known.metadata?.uid !== pod.metadata?.uid) this.#report(name, pod);
  }

  /** A pod is known to be gone. */
  missed(name: string): void {
    this.#report(name, undefined);
  }

  /** Works until `close`. @throws what ends the run, such as a lack of rights */
  async run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list();
        await this.#listen();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError) || error.status !== 410) throw error;
        this.#version = undefined;
      }
      await pause(pace.watchAgain, signal);
    }
  }

  close(): void {
    this.#over.abort();
  }

  async #list(): Promise<void> {
    const before = [...this.#pods.keys()];
    const { items, metadata } = await this.#availability.insist(() =>
      this.#api.call<{ items: Pod[]; metadata: ListMeta }>({
        method: 'GET',
        path: 'pods',
        query: { labelSelector: this.#selector },
      }),
    );
    this.#version = metadata.resourceVersion;
    const found = new Set(items.map(nameOf));
    for (const pod of items) this.#report(nameOf(pod), pod);
    for (const name of before) if (!found.has(name)) this.#report(name, undefined);
  }

  /** Follows changes for as long as the server sends them. */
  async #listen(): Promise<void> {
    const { signal } = this.#over;
    const query = {
      ...{ watch: true, allowWatchBookmarks: true, labelSelector: this.#selector },
      resourceVersion: this.#version,
      timeoutSeconds: pace.watchSeconds,
    };
    let silence = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // A connection may die without a word.
    const limit = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), ms).unref();
    };
    const response = await this.#availability.insist(() => {
      silence = new AbortController();
      limit(pace.watchBegins);
      return this.#api.stream({ method: 'GET', path: 'pods', query }, AbortSignal.any([signal, silence.signal]));
    });
    limit(pace.watchSeconds * 1500);
    try {
      for await (const { type, object } of eventsOf(response)) {
        if (type === 'ERROR') throw new ApiError(object.code ?? 500, '', 'the watch cannot go on');
        this.#version = object.metadata?.resourceVersion;
        if (type !== 'BOOKMARK') this.#report(nameOf(object), type === 'DELETED' ? undefined : object);
      }
    } catch (error) {
      if (error instanceof StatusError) throw error;
      // The connection broke off.
    } finally {
      clearTimeout(timer);
    }
  }

  #report(name: string, pod: Pod | undefined): void {
    const follower = this.#followers.get(name);
    if (!pod) this.#pods.delete(name);
    else if (follower) this.#pods.set(name, pod);
    follower?.(pod);
  }
}

const nameOf = ({ metadata }: Pod): string => metadata?.name ?? '';

async function* eventsOf(response: IncomingMessage): AsyncIterable<WatchEvent> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchEvent;
  }
}
