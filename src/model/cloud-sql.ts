import type { TaskTemplate } from './schema/job.js';

/** The v1 annotation stands for a volume that comes last and that every container mounts last. */
const name = 'cloudsql';
const mountPath = '/cloudsql';

/** A task template without its Cloud SQL volume, and the instances of that volume. */
export interface CloudSqlApart {
  task: TaskTemplate;
  instances: string[];
}

/**
 * Takes the Cloud SQL volume out of a task. Undefined if it is not what the annotation stands for: mounted at /cloudsql
 * in every container and, if `exact`, last in every list.
 */
export function cloudSqlApart(task: TaskTemplate, { exact }: { exact: boolean }): CloudSqlApart | undefined {
  const { volumes = [], containers } = task;
  const index = volumes.findIndex((volume) => volume.name === name);
  const instances = volumes[index]?.cloudSqlInstance?.instances;
  const everywhere = containers.every(({ volumeMounts = [] }) => {
    const mounts = volumeMounts.filter((mount) => mount.name === name);
    const [mount] = mounts;
    const last = !exact || mount === volumeMounts.at(-1);
    return mounts.length === 1 && last && mount?.mountPath === mountPath && !mount.subPath;
  });
  if (!instances?.length || !everywhere || (exact && index !== volumes.length - 1)) return undefined;
  return { task: withoutCloudSql(task), instances: [...instances] };
}

/** The task without a Cloud SQL volume, wherever it is mounted. */
export function withoutCloudSql(task: TaskTemplate): TaskTemplate {
  const { volumes, ...rest } = task;
  const kept = volumes?.filter((volume) => volume.name !== name) ?? [];
  const containers = task.containers.map(({ volumeMounts, ...container }) => {
    const mounts = volumeMounts?.filter((mount) => mount.name !== name) ?? [];
    return { ...container, ...(mounts.length > 0 && { volumeMounts: mounts }) };
  });
  return { ...rest, containers, ...(kept.length > 0 && { volumes: kept }) };
}

/**
 * The task with the sockets of these instances mounted in every container. Without instances, the task is unchanged.
 */
export function withCloudSql(task: TaskTemplate, instances: readonly string[]): TaskTemplate {
  if (instances.length === 0) return task;
  return {
    ...task,
    volumes: [...(task.volumes ?? []), { name, cloudSqlInstance: { instances: [...instances] } }],
    containers: task.containers.map((container) => ({
      ...container,
      volumeMounts: [...(container.volumeMounts ?? []), { name, mountPath }],
    })),
  };
}
