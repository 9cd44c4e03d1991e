import type { KubernetesSettings } from '../model/local/settings.js';
import type { AttemptRuntime } from '../runtime/port.js';
import type { Service } from './service.js';

/**
 * The runtimes of a process, which opens each on first use: the cluster that settings choose, otherwise the container
 * engine of this machine.
 */
export type Runtimes = (choice: KubernetesSettings | undefined) => Promise<AttemptRuntime>;

/**
 * The cluster of an execution, if it runs on one. It was chosen when the execution was created; an execution that a job's
 * token has created begins on the cluster that its choice then meant.
 */
export function clusterOf({ store }: Pick<Service, 'store'>, execution: string): KubernetesSettings | undefined {
  const { runtime } = store.settings(execution);
  const began = store.engine(execution);
  if (!runtime || began?.client !== 'kubernetes') return runtime;
  return { ...runtime, context: began.context, namespace: began.namespace };
}
