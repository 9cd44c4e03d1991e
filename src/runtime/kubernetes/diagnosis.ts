import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SelfSubjectAccessReview } from 'kubernetes-types/authorization/v1.js';
import type { Node, ResourceQuota } from 'kubernetes-types/core/v1.js';
import { StatusError } from '../../model/errors.js';
import { parseQuantity } from '../../model/quantity.js';
import { nativeSidecars } from './runtime.js';
import { type Access, type ApiOptions, KubernetesApi } from './api.js';
import { withoutCache } from './transport.js';
import { helpful, needed, type Rights } from './rights.js';

/** What there is to say of a cluster, and of the client that reaches it. */
export interface ClusterReport {
  /** The version of kubectl; undefined if it cannot be run, or is not needed. */
  client: string | undefined;
  access: Access | undefined;
  /** Why there is no cluster, if there is none. */
  failure: StatusError | undefined;
  cluster: Cluster | undefined;
}

export interface Cluster {
  /** As the server names it: v1.29.3. */
  version: string;
  /** Without it, containers cannot start in an order. */
  startupOrder: boolean;
  /** How far the clock of the server is ahead of ours, to the second. */
  skewMs: number;
  /** Rights that this user lacks, as `create pods`. */
  missing: readonly string[];
  /** The same, of what localrun can do without: it then finds out less. */
  useful: readonly string[];
  /** Undefined if this user may not see nodes. */
  nodes: { ready: number; others: readonly string[] } | undefined;
  /** What quotas of the namespace leave nothing of, as `pods: 10 of 10`. Undefined if this user may not see quotas. */
  exhausted: readonly string[] | undefined;
}

/** Asks the client and the cluster what they are; the absence of a cluster is an answer, too. */
export async function diagnoseCluster(options: ApiOptions): Promise<ClusterReport> {
  const api = new KubernetesApi(options);
  const report: ClusterReport = { client: undefined, access: undefined, failure: undefined, cluster: undefined };
  try {
    report.client = await clientVersion(options);
    report.access = await api.access();
    report.cluster = await clusterOf(api, report.access);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    report.failure = error;
  } finally {
    api.close();
  }
  return report;
}

/** Undefined if there is no client that can be run. What needs it says so. */
async function clientVersion({ kubectl, env }: ApiOptions): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(kubectl, [withoutCache, 'version', '--client', '--output=json'], {
      env,
    });
    return (JSON.parse(stdout) as { clientVersion?: { gitVersion?: string } }).clientVersion?.gitVersion;
  } catch {
    return undefined;
  }
}

async function clusterOf(api: KubernetesApi, { namespace }: Access): Promise<Cluster> {
  const skewMs = await skewOf(api);
  const { gitVersion, minor } = await api.call<{ gitVersion: string; minor: string }>({
    method: 'GET',
    path: '/version',
  });
  const [missing, useful, nodes, exhausted] = await Promise.all([
    lacking(api, namespace, needed),
    lacking(api, namespace, helpful),
    nodesOf(api),
    exhaustedIn(api),
  ]);
  const startupOrder = Number.parseInt(minor, 10) >= nativeSidecars;
  return { version: gitVersion, startupOrder, skewMs, missing, useful, nodes, exhausted };
}

/** The server says its time in each answer, in full seconds. */
async function skewOf(api: KubernetesApi): Promise<number> {
  const before = Date.now();
  const answer = await api.stream({ method: 'GET', path: '/version' }, new AbortController().signal);
  answer.resume();
  const ours = (before + Date.now()) / 2;
  return Math.trunc((Date.parse(answer.headers.date ?? '') - ours) / 1000) * 1000 || 0;
}

/** The rights that this user lacks. */
async function lacking(api: KubernetesApi, namespace: string, rights: Rights): Promise<string[]> {
  const asked = rights.flatMap(([resource, verbs]) =>
    verbs.map(async (verb) => ((await isAllowed(api, namespace, resource, verb)) ? [] : [`${verb} ${resource}`])),
  );
  return (await Promise.all(asked)).flat();
}

async function isAllowed(api: KubernetesApi, namespace: string, of: string, verb: string): Promise<boolean> {
  const [resource = '', subresource = ''] = of.split('/');
  const body: SelfSubjectAccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace: of === 'nodes' ? '' : namespace, resource, subresource, verb } },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { status } = await api.call<SelfSubjectAccessReview>({ method: 'POST', path, body });
  return status?.allowed ?? false;
}

async function nodesOf(api: KubernetesApi): Promise<Cluster['nodes']> {
  const nodes = await ifAllowed(api.call<{ items: Node[] }>({ method: 'GET', path: '/api/v1/nodes' }));
  if (!nodes) return undefined;
  const isReady = ({ spec, status }: Node): boolean =>
    !spec?.unschedulable && status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  const others = nodes.items.filter((node) => !isReady(node));
  return { ready: nodes.items.length - others.length, others: others.map(({ metadata }) => metadata?.name ?? '') };
}

async function exhaustedIn(api: KubernetesApi): Promise<string[] | undefined> {
  const quotas = await ifAllowed(api.call<{ items: ResourceQuota[] }>({ method: 'GET', path: 'resourcequotas' }));
  return quotas?.items.flatMap(({ status }) =>
    Object.entries(status?.hard ?? {}).flatMap(([resource, hard]) => {
      const used = status?.used?.[resource] ?? '0';
      return (parseQuantity(used) ?? 0) >= (parseQuantity(hard) ?? Infinity) ? [`${resource}: ${used} of ${hard}`] : [];
    }),
  );
}

/** Undefined if this user may not see it. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.code === 'PERMISSION_DENIED') return undefined;
    throw error;
  }
}
