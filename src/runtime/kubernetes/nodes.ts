import type { Node } from 'kubernetes-types/core/v1.js';
import { ApiError, isMissing, type KubernetesApi } from './api.js';

/** Whether a node answers the cluster; `unknown`: we may not ask. Otherwise what is wrong with it. */
export async function nodeState(api: KubernetesApi, name: string): Promise<'ready' | 'unknown' | { trouble: string }> {
  try {
    const { status } = await api.call<Node>({ method: 'GET', path: `/api/v1/nodes/${name}` });
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return 'ready';
    return { trouble: `its node ${name} is not ready: ${ready?.message ?? 'no reason given'}` };
  } catch (error) {
    if (isMissing(error)) return { trouble: `its node ${name} is gone` };
    if (error instanceof ApiError) return 'unknown';
    throw error;
  }
}
