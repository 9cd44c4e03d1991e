import { createHash } from 'node:crypto';
import { shortName } from '../../model/names.js';
import type { AttemptId, Handle } from '../port.js';

/** The labels of everything that localrun creates. `home` tells state directories apart, on all machines. */
export const labels = {
  home: 'dev.localrun.home',
  execution: 'dev.localrun.execution',
  task: 'dev.localrun.task',
  attempt: 'dev.localrun.attempt',
} as const;

/** The annotation with the full name of the execution, of which the label has only a hash. */
export const executionAnnotation = 'dev.localrun.execution';

const hash = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

/** The labels of everything of a home, or of one of its executions. */
export const ownerLabels = (homeId: string, execution: string | undefined): Record<string, string> => ({
  [labels.home]: homeId,
  ...(execution !== undefined && { [labels.execution]: hash(execution, 16) }),
});

/** Labels as a query. */
export const selectorOf = (of: Record<string, string>): string =>
  Object.entries(of)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** The most characters of an execution's id in a name, which may have 63 in all. */
const idLength = 36;

/** The ConfigMap that owns everything of an execution. */
export function ownerName(homeId: string, execution: string): string {
  const id = shortName(execution);
  // The end of the id tells the executions of a job apart.
  const short = id.length <= idLength ? id : `${id.slice(0, idLength - 6).replace(/[-.]+$/, '')}-${id.slice(-5)}`;
  return `${short}-${hash(`${homeId}\n${execution}`, 8)}`;
}

/** The Secret with the values that attempts of an execution use, by their keys. */
export const secretName = (owner: string, keys: readonly string[]): string =>
  `${owner}-${hash(keys.toSorted().join('\n'), 8)}`;

/** It is taken once in the namespace: this is what keeps an attempt from starting twice. */
export const podName = (owner: string, { task, attempt }: AttemptId): string => `${owner}-${task}-${attempt}`;

/** Where an attempt is in its namespace. */
export interface Place {
  pod: string;
  owner: string;
}

/** The version of the handle's format. */
const version = 1;

export const handleOf = ({ pod, owner }: Place): Handle => JSON.stringify({ version, pod, owner });

/** @throws Error for a handle of another runtime, or of another version of this one */
export function placeOf(handle: Handle): Place {
  const { version: made, pod, owner } = JSON.parse(handle) as Partial<Place> & { version: number };
  if (made !== version || pod === undefined || owner === undefined) {
    throw new Error(`cannot read the place of an attempt: ${handle}`);
  }
  return { pod, owner };
}
