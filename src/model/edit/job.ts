import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Container, Volume } from '../schema/container.js';
import type { JobInput, TaskTemplate } from '../schema/job.js';

/** The job with changes to its task template. */
export const withTask = (job: JobInput, change: (task: TaskTemplate) => TaskTemplate): JobInput => ({
  ...job,
  template: { ...job.template, template: change(job.template.template) },
});

/** A label that gcloud sets on executions, so that each deployment creates a new one. */
const nonce = 'client.knative.dev/nonce';

/**
 * The job with changes to its labels: clearing comes first and removing last, as in gcloud. Any change also replaces
 * the labels of its executions, because those are the labels that reach logs and bills.
 */
export function withLabels(
  job: JobInput,
  { clear, remove = [], update = {} }: { clear?: boolean; remove?: readonly string[]; update?: Record<string, string> },
): JobInput {
  const before = job.labels ?? {};
  const labels = Object.fromEntries(
    Object.entries({ ...(clear ? {} : before), ...update }).filter(([key]) => !remove.includes(key)),
  );
  if (isDeepStrictEqual(labels, before)) return job;
  const kept = Object.entries(job.template.labels ?? {}).filter(([key]) => key === nonce);
  return { ...job, labels, template: { ...job.template, labels: { ...labels, ...Object.fromEntries(kept) } } };
}

/** Adds volumes; one with the name of an existing volume replaces it in place. */
export function withVolumes(volumes: readonly Volume[] = [], added: readonly Volume[]): Volume[] {
  const result = [...volumes];
  for (const volume of added) {
    const index = result.findIndex(({ name }) => name === volume.name);
    if (index < 0) result.push(volume);
    else result[index] = volume;
  }
  return result;
}

/**
 * A name for an unnamed volume: a word, and six letters derived from its contents, so that the same command produces
 * the same name.
 */
export function volumeName(word: string, content: string): string {
  const digest = createHash('sha256').update(content).digest();
  const letters = Array.from(digest.subarray(0, 6), (byte) => String.fromCodePoint(97 + (byte % 26))).join('');
  const plain = word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 50);
  return `${plain}-${letters.slice(0, 3)}-${letters.slice(3)}`;
}

type Mount = NonNullable<Container['volumeMounts']>[number];

/** Adds mounts; one with the path of an existing mount replaces it in place. */
export function withMounts(mounts: readonly Mount[] = [], added: readonly Mount[]): Mount[] {
  const result = [...mounts];
  for (const mount of added) {
    const index = result.findIndex(({ mountPath }) => mountPath === mount.mountPath);
    if (index < 0) result.push(mount);
    else result[index] = mount;
  }
  return result;
}

/** The task without some containers, and without dependencies on them. */
export const withoutContainers = (task: TaskTemplate, names: readonly string[]): TaskTemplate => ({
  ...task,
  containers: task.containers
    .filter(({ name }) => !names.includes(name ?? ''))
    .map(({ dependsOn, ...container }) => ({
      ...container,
      ...(dependsOn && { dependsOn: dependsOn.filter((name) => !names.includes(name)) }),
    })),
});
