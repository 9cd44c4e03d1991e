import type { Namespace, Secret } from 'kubernetes-types/core/v1.js';
import type { RuntimeIdentity } from '../../model/runtime-identity.js';
import type {
  AttemptRuntime,
  Capabilities,
  ExecutionScope,
  Handle,
  Owner,
  Remnant,
  ShellRequest,
  SlowCall,
} from '../port.js';
import { ApiError, type ApiOptions, KubernetesApi, remembered } from './api.js';
import { ownerLabels, placeOf } from './names.js';
import { containerNames } from './pod.js';
import { discard, remnantsWith } from './remnants.js';
import { KubernetesSession } from './session.js';
import { shellRefused } from './shell.js';

export interface KubernetesOptions extends ApiOptions {
  /** The id of a state directory, which no other one has, on any machine. */
  homeId: (home: string) => string;
}

/** Runs attempts on a Kubernetes cluster, each as a pod. */
export class KubernetesRuntime implements AttemptRuntime {
  readonly #options: KubernetesOptions;
  readonly #api: KubernetesApi;

  constructor(options: KubernetesOptions) {
    this.#options = options;
    this.#api = new KubernetesApi(options);
  }

  readonly identify = remembered(() => this.#findIdentity());

  async #findIdentity(): Promise<RuntimeIdentity> {
    const { context, namespace } = await this.#api.access();
    return { id: await this.#namespaceId(namespace), client: 'kubernetes', context, namespace };
  }

  /** Who may not read namespaces may read what every namespace has: the certificate of its API server. */
  async #namespaceId(namespace: string): Promise<string> {
    const uid = async (path: string): Promise<string> => {
      const { metadata } = await this.#api.call<Namespace | Secret>({ method: 'GET', path });
      return metadata?.uid ?? '';
    };
    try {
      return await uid(`/api/v1/namespaces/${namespace}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      return uid('configmaps/kube-root-ca.crt');
    }
  }

  async capabilities(): Promise<Capabilities> {
    return { lacks: { ...lacks, ...((await this.#hasStartupOrder()) ? {} : { startupOrder: noStartupOrder }) } };
  }

  readonly #hasStartupOrder = remembered(async () => (await this.#version()) >= nativeSidecars);

  /** The minor version of the server: 29 for v1.29.3. */
  async #version(): Promise<number> {
    const { minor } = await this.#api.call<{ minor: string }>({ method: 'GET', path: '/version' });
    return Number.parseInt(minor, 10);
  }

  async networks(): Promise<string[]> {
    return [];
  }

  async open(scope: ExecutionScope): Promise<KubernetesSession> {
    const startupOrder = await scope.availability.insist(() => this.#hasStartupOrder());
    const { homeId, env } = this.#options;
    const settings = scope.settings.runtime ?? this.#options.settings;
    return new KubernetesSession(this.#api, settings, scope, { homeId: homeId(scope.home), startupOrder, env });
  }

  list({ home, execution }: Owner): Promise<Remnant[]> {
    return remnantsWith(this.#api, ownerLabels(this.#options.homeId(home), execution));
  }

  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean {
    const pods = new Set(attempts.map((handle) => placeOf(handle).pod));
    return ({ kind, name }) => kind === 'pod' && pods.has(name);
  }

  discard(remnants: readonly Remnant[]): Promise<void> {
    return discard(this.#api, remnants);
  }

  /** @throws StatusError UNIMPLEMENTED with the command line of kubectl that does it */
  async openShell({ handle, containers, container, command = ['sh'] }: ShellRequest): Promise<never> {
    const { context, namespace } = await this.#api.access();
    const name = containerNames({ containers: containers.map((of) => ({ name: of })) })[container] ?? '';
    throw shellRefused(
      [this.#options.kubectl, ...(context === undefined ? [] : [`--context=${context}`]), `--namespace=${namespace}`],
      { pod: placeOf(handle).pod, container: name, command },
    );
  }

  get slowest(): SlowCall | undefined {
    return this.#api.slowest;
  }

  close(): void {
    this.#api.close();
  }
}

/** The minor version of Kubernetes from which on sidecars start before the main container. */
export const nativeSidecars = 29;

const noStartupOrder =
  'the cluster cannot start containers in an order: that takes Kubernetes 1.29; without dependsOn and startupProbe they start together';

const lacks: Capabilities['lacks'] = {
  metadataServer: 'a cluster has no metadata server of localrun',
  hostFiles: 'files of this machine are not on the nodes',
  hostNetworks: 'the nodes do not have the networks of this machine',
  publishedPorts: 'a cluster opens no ports of this machine',
  strictFs: 'Kubernetes does not count files of containers as memory',
  keep: 'Kubernetes removes what ended containers leave with their pods',
};
