import type { ConfigMap, Pod, Secret } from 'kubernetes-types/core/v1.js';
import type { OwnerReference } from 'kubernetes-types/meta/v1.js';
import { readFile } from 'node:fs/promises';
import type { EndedAttempt } from '../../model/attempt.js';
import type { KubernetesSettings } from '../../model/local/settings.js';
import {
  type AttemptId,
  type AttemptSession,
  type AttemptSink,
  type AttemptSpec,
  type ExecutionScope,
  type Handle,
  type Image,
  type Placement,
  type SecretReference,
  StartRefused,
} from '../port.js';
import { ApiError, type KubernetesApi, remembered } from './api.js';
import { type AttemptHost, type Past, PodAttempt } from './attempt.js';
import {
  executionAnnotation,
  handleOf,
  labels,
  ownerLabels,
  ownerName,
  placeOf,
  podName,
  secretName,
  selectorOf,
} from './names.js';
import { pinImages } from './images.js';
import { credentialsKey, namespaceSecret, podOf, secretKey, secretReferences } from './pod.js';
import { deletePod, discard, remnantsWith } from './remnants.js';
import { stateOf } from './state.js';
import { PodWatch } from './watch.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The attempts of an execution in a namespace, and what they share there. */
export class KubernetesSession implements AttemptSession {
  /** The API server carries more; nodes take what they can. */
  readonly starts = 100;
  readonly #api: KubernetesApi;
  readonly #settings: KubernetesSettings;
  readonly #scope: ExecutionScope;
  readonly #startupOrder: boolean;
  readonly #owner: string;
  readonly #labels: Record<string, string>;
  readonly #pods: PodWatch;
  readonly #env: Environment;
  readonly #attempts = new Map<Handle, PodAttempt>();
  /** Why the run cannot go on. */
  #failure: Error | undefined;
  readonly #secrets = new Map<string, Promise<void>>();

  constructor(
    api: KubernetesApi,
    settings: KubernetesSettings,
    scope: ExecutionScope,
    { homeId, startupOrder, env }: { homeId: string; startupOrder: boolean; env: Environment },
  ) {
    const { execution, availability } = scope;
    this.#api = api;
    this.#settings = settings;
    this.#scope = scope;
    this.#startupOrder = startupOrder;
    this.#env = env;
    this.#owner = ownerName(homeId, execution.name);
    this.#labels = ownerLabels(homeId, execution.name);
    this.#pods = new PodWatch(api, selectorOf(this.#labels), availability);
    this.#pods.run().catch((error: Error) => {
      this.#failure = error;
      for (const attempt of this.#attempts.values()) attempt.fail(error);
    });
  }

  prepare(references: readonly string[], signal: AbortSignal): Promise<Image[]> {
    return pinImages(references, this.#settings, this.#scope.settings.platform, this.#env, signal);
  }

  place(id: AttemptId): Placement {
    const name = podName(this.#owner, id);
    return { name, handle: handleOf({ pod: name, owner: this.#owner }) };
  }

  start(handle: Handle, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    return this.#run(handle, 'nothing', spec, sink);
  }

  recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    return this.#run(handle, mainStarted ? 'started' : 'recorded', spec, sink);
  }

  async #run(handle: Handle, past: Past, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    const { availability, cancelled } = this.#scope;
    const { pod: name } = placeOf(handle);
    const host: AttemptHost = {
      ...{ api: this.#api, availability, pods: this.#pods, sink, cancelled },
      furnish: () => this.#furnish(name, spec),
      isOurs: ({ metadata }) =>
        Object.entries(this.#labels).every(([label, value]) => metadata?.labels?.[label] === value),
    };
    const attempt = new PodAttempt(name, spec, host);
    this.#attempts.set(handle, attempt);
    if (this.#failure !== undefined) throw this.#failure;
    return attempt.run(past);
  }

  /** The pod of an attempt, once the cluster has what it refers to. @throws StartRefused */
  async #furnish(name: string, spec: AttemptSpec): Promise<Pod> {
    const { settings, execution } = this.#scope;
    const { namespace } = await this.#api.access();
    const owner = await this.#own();
    const secret = await this.#keepSecrets(owner, spec);
    return podOf(spec, {
      ...{ name, namespace, owner, settings, kubernetes: this.#settings, startupOrder: this.#startupOrder },
      labels: { ...this.#labels, [labels.task]: String(spec.task), [labels.attempt]: String(spec.attempt) },
      annotations: { [executionAnnotation]: execution.name },
      secretName: secret,
    });
  }

  get #metadata() {
    return { labels: this.#labels, annotations: { [executionAnnotation]: this.#scope.execution.name } };
  }

  /** Makes the ConfigMap, with which everything else goes. */
  readonly #own = remembered(() => this.#scope.availability.insist(() => this.#makeOwner()));

  async #makeOwner(): Promise<OwnerReference> {
    const name = this.#owner;
    const body: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...this.#metadata } };
    const made = (await this.#make('configmaps', body))
      ? undefined
      : await this.#api.call<ConfigMap>({ method: 'GET', path: `configmaps/${name}` });
    const uid = (made ?? body).metadata?.uid ?? '';
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid };
  }

  /** False if there is one of its name already; otherwise `body` becomes the answer. */
  async #make(kind: string, body: ConfigMap | Secret): Promise<boolean> {
    try {
      Object.assign(body, await this.#api.call<object>({ method: 'POST', path: kind, body }));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
      throw error;
    }
  }

  /** Makes the Secret with the values of an attempt, and returns its name. @throws StartRefused */
  async #keepSecrets(owner: OwnerReference, spec: AttemptSpec): Promise<string> {
    const { settings } = this.#scope;
    const references = secretReferences(spec);
    const own = new Map(
      references.flatMap((reference) => {
        const key = secretKey(reference, settings);
        return key === undefined ? [] : [[key, reference] as const];
      }),
    );
    const foreign = references.flatMap((reference) => namespaceSecret(reference, settings) ?? []);
    const keys = [...own.keys(), ...(settings.credentials === undefined ? [] : [credentialsKey])];
    const name = secretName(this.#owner, keys);
    const once = (key: string, work: () => Promise<void>): Promise<void> => {
      const known = this.#secrets.get(key);
      if (known) return known;
      const begun = work();
      this.#secrets.set(key, begun);
      begun.catch(() => this.#secrets.delete(key));
      return begun;
    };
    await Promise.all([
      ...(keys.length > 0 ? [once(name, () => this.#makeSecret(name, owner, own))] : []),
      ...foreign.map((at) => once(`${at.name}/${at.key}`, () => this.#checkSecret(at))),
    ]);
    return name;
  }

  async #makeSecret(name: string, owner: OwnerReference, values: ReadonlyMap<string, SecretReference>): Promise<void> {
    const { settings, sources, credentials, availability } = this.#scope;
    const data: Record<string, string> = {};
    for (const [key, reference] of values) data[key] = (await sources.secret(reference)).toString('base64');
    if (settings.credentials !== undefined)
      data[credentialsKey] = (await readFile(credentials.file)).toString('base64');
    const metadata = { name, ...this.#metadata, ownerReferences: [owner] };
    const body: Secret = { apiVersion: 'v1', kind: 'Secret', metadata, immutable: true, data };
    try {
      await availability.insist(() => this.#make('secrets', body));
    } catch (error) {
      // They may be too large, or the namespace has as many as it may have.
      if (error instanceof ApiError)
        throw new StartRefused(`its secrets cannot be kept in the cluster: ${error.message}`);
      throw error;
    }
  }

  /** A kubelet would wait for ever for a Secret that is not there. @throws StartRefused */
  async #checkSecret({ name, key }: { name: string; key: string }): Promise<void> {
    const { availability } = this.#scope;
    try {
      const { data = {} } = await availability.insist(() =>
        this.#api.call<Secret>({ method: 'GET', path: `secrets/${name}` }),
      );
      if (!Object.hasOwn(data, key)) throw new StartRefused(`the Secret ${name} of the namespace has no key ${key}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new StartRefused(`the Secret ${name} of the namespace cannot be used: ${error.message}`);
    }
  }

  async hasEnded(handle: Handle): Promise<boolean> {
    const pod = await this.#scope.availability.insist(() => this.#api.getPod(placeOf(handle).pod));
    return pod !== undefined && (this.#attempts.get(handle)?.isEnded(pod) ?? stateOf(pod, []).over);
  }

  async stop(handle: Handle): Promise<void> {
    await this.#attempts.get(handle)?.stop();
  }

  async kill(handle: Handle): Promise<void> {
    await this.#attempts.get(handle)?.kill();
  }

  keep(handle: Handle): void {
    this.#attempts.delete(handle);
  }

  async remove(handle: Handle): Promise<void> {
    this.#attempts.delete(handle);
    await this.#scope.availability.insist(() => deletePod(this.#api, placeOf(handle).pod, 0));
  }

  async sweep(keep: readonly Handle[]): Promise<void> {
    const kept = new Set(keep.map((handle) => placeOf(handle).pod));
    await Promise.all(keep.map((handle) => this.stop(handle)));
    await this.#scope.availability.insist(async () => {
      const all = await remnantsWith(this.#api, this.#labels);
      // What stays needs its Secret, and goes with its owner.
      await discard(
        this.#api,
        all.filter(({ kind, name }) => kept.size === 0 || (kind === 'pod' && !kept.has(name))),
      );
    });
  }

  async close(): Promise<void> {
    // From now on their logs are those of the next process.
    for (const attempt of this.#attempts.values()) attempt.fail(new Error('The run has ended.'));
    this.#pods.close();
  }
}
