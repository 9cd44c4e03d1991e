import type { Pod } from 'kubernetes-types/core/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import pLimit from 'p-limit';
import type { Remnant } from '../port.js';
import { sleep } from '../sleep.js';
import type { KubernetesApi } from './api.js';
import { selectorOf } from './names.js';
import { nodeState } from './nodes.js';
import { pace } from './pace.js';

/** The kinds of what localrun makes, in the order in which it is removed: a pod may use a Secret. */
const kinds = { pod: 'pods', secret: 'secrets', configmap: 'configmaps' } as const;

/** How many objects to remove at the same time. */
const together = 16;

/** Everything with these labels. */
export async function remnantsWith(api: KubernetesApi, labels: Record<string, string>): Promise<Remnant[]> {
  const found = Object.entries(kinds).map(async ([kind, path]) => {
    const query = { labelSelector: selectorOf(labels) };
    const { items } = await api.call<{ items: { metadata?: ObjectMeta }[] }>({ method: 'GET', path, query });
    return items.map(({ metadata }) => ({ kind, name: metadata?.name ?? '' }));
  });
  return (await Promise.all(found)).flat();
}

/** Removes objects, and stops pods that still run; returns once they are gone. */
export async function discard(api: KubernetesApi, remnants: readonly Remnant[]): Promise<void> {
  const limit = pLimit(together);
  for (const [kind, path] of Object.entries(kinds)) {
    const names = remnants.flatMap((remnant) => (remnant.kind === kind ? remnant.name : []));
    const remove = (name: string): Promise<unknown> =>
      kind === 'pod' ? removePod(api, name) : api.callIfThere({ method: 'DELETE', path: `${path}/${name}` });
    await Promise.all(names.map((name) => limit(remove, name)));
  }
}

/** Removes a pod at once if it has ended. Otherwise its node is to end it first, unless that is gone. */
async function removePod(api: KubernetesApi, name: string): Promise<void> {
  const asked = performance.now();
  for (let grace = 1; ;) {
    const pod = await api.getPod(name);
    if (!pod) return;
    if (isOver(pod)) grace = 0;
    else if (performance.now() - asked > pace.slowNode && (await isGone(api, pod))) grace = 0;
    if (grace === 0 || pod.metadata?.deletionTimestamp === undefined) await deletePod(api, name, grace);
    if (grace === 0) return;
    await sleep(pace.gone);
  }
}

const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';

const isGone = async (api: KubernetesApi, { spec }: Pod): Promise<boolean> =>
  spec?.nodeName !== undefined && typeof (await nodeState(api, spec.nodeName)) === 'object';

/** Without a grace, the server does not wait for the node. False: there is no such pod. */
export const deletePod = (api: KubernetesApi, name: string, gracePeriodSeconds: number): Promise<boolean> =>
  api.callIfThere({ method: 'DELETE', path: `pods/${name}`, query: { gracePeriodSeconds } });
