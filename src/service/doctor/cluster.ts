import type { Cluster, ClusterReport } from '../../runtime/kubernetes/diagnosis.js';
import { type Check, amount } from './check.js';

/** A larger difference between two clocks, in ms, is a warning: times of tasks and timeouts would be wrong. */
const muchSkew = 5000;

/** What there is to say of a cluster, and whether it answers. */
export function clusterChecks({ client, access, failure, cluster }: ClusterReport): {
  found: Check[];
  answers: boolean;
} {
  const place = access && `namespace ${access.namespace}${access.context ? ` of context ${access.context}` : ''}`;
  const reached = [client && `kubectl ${client}`, place].filter(Boolean).join(', ');
  if (!cluster) {
    const found = [failure?.message, reached && `(${reached})`].filter(Boolean).join(' ');
    return { found: [{ name: 'cluster', state: 'problem', found, fix: failure?.fix }], answers: false };
  }
  const without = cluster.startupOrder ? '' : '; dependsOn and startupProbe take 1.29';
  return {
    found: [
      { name: 'cluster', state: 'ok', found: `${reached}, Kubernetes ${cluster.version}${without}` },
      rights(cluster),
      nodes(cluster),
      quota(cluster),
      clock(cluster),
    ],
    answers: true,
  };
}

function rights({ missing, useful }: Cluster): Check {
  const name = 'rights';
  if (missing.length > 0) {
    const fix = 'ask the administrator of the cluster for a role with these rights in the namespace';
    return { name, state: 'problem', found: `you may not ${missing.join(', ')}`, fix };
  }
  if (useful.length === 0) return { name, state: 'ok', found: 'all that are needed' };
  return {
    name,
    state: 'warning',
    found: `you may not ${useful.join(', ')}`,
    fix: 'these rights show why tasks wait, and when a node is lost',
  };
}

function nodes({ nodes: seen }: Cluster): Check {
  const name = 'nodes';
  if (!seen) return { name, state: 'ok', found: 'not visible to you' };
  const { ready, others } = seen;
  const state = ready === 0 ? 'problem' : others.length > 0 ? 'warning' : 'ok';
  const found = `${amount(ready, 'node')} ready${others.length > 0 ? `, and not ${others.join(', ')}` : ''}`;
  return { name, state, found, fix: state === 'ok' ? undefined : 'kubectl describe node shows the reason' };
}

function quota({ exhausted }: Cluster): Check {
  const name = 'quota';
  if (!exhausted) return { name, state: 'ok', found: 'not visible to you' };
  if (exhausted.length === 0) return { name, state: 'ok', found: 'nothing of it is used up' };
  const fix = 'tasks wait until something is free; the administrator of the cluster can raise the quota';
  return { name, state: 'warning', found: `used up: ${exhausted.join(', ')}`, fix };
}

function clock({ skewMs }: Cluster): Check {
  const name = 'cluster clock';
  const seconds = Math.abs(skewMs) / 1000;
  if (Math.abs(skewMs) < muchSkew) return { name, state: 'ok', found: 'agrees with this machine' };
  const found = `${amount(seconds, 'second')} ${skewMs > 0 ? 'ahead of' : 'behind'} this machine`;
  return { name, state: 'warning', found, fix: 'synchronize the clocks, or times of tasks are wrong' };
}
