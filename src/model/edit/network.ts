import { UsageError } from '../errors.js';
import type { Parent } from '../names.js';
import type { Volume } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import { withMounts, withVolumes } from './job.js';

type VpcAccess = NonNullable<TaskTemplate['vpcAccess']>;

/** What to do with a job's way into a VPC; what is not given is left alone, clearing comes first. */
export interface NetworkEdit {
  clearConnector?: boolean | undefined;
  connector?: string | undefined;
  clearNetwork?: boolean | undefined;
  network?: string | undefined;
  subnetwork?: string | undefined;
  clearTags?: boolean | undefined;
  tags?: string[] | undefined;
  egress?: VpcAccess['egress'] | undefined;
}

/** The VPC access after the edit; undefined if nothing is left of it. */
export function editedVpcAccess(access: VpcAccess = {}, edit: NetworkEdit): VpcAccess | undefined {
  const { clearConnector, clearNetwork, clearTags, connector, network, subnetwork, tags, egress } = edit;
  const result = { ...access };
  if (clearConnector) delete result.connector;
  if (clearNetwork) delete result.networkInterfaces;
  if (clearConnector || clearNetwork) delete result.egress;
  const given = { ...(network && { network }), ...(subnetwork && { subnetwork }), ...(tags && { tags }) };
  if (Object.keys(given).length > 0 || clearTags) {
    const [first] = result.networkInterfaces ?? [];
    const { tags: old, ...rest } = first ?? {};
    result.networkInterfaces = [{ ...rest, ...(!clearTags && old && { tags: old }), ...given }];
  }
  if (connector) result.connector = connector;
  if (egress) result.egress = egress;
  return Object.keys(result).length > 0 ? result : undefined;
}

/** What to do with the Cloud SQL instances of a job. */
export interface CloudSqlEdit {
  /** Drops all, as the first thing. */
  clear?: boolean | undefined;
  remove?: readonly string[] | undefined;
  add?: readonly string[] | undefined;
}

const volume = 'cloudsql';
const mountPath = '/cloudsql';

/**
 * The task with other Cloud SQL instances: their sockets are in one volume, which every container mounts. An instance
 * is `PROJECT:REGION:NAME`, or a bare name in the project and region of the job.
 * @throws UsageError
 */
export function withCloudSql(task: TaskTemplate, parent: Parent, { clear, remove = [], add = [] }: CloudSqlEdit) {
  const full = (instance: string): string => fullInstance(instance, parent);
  const removed = remove.map(full);
  const before = task.volumes?.find(({ name }) => name === volume)?.cloudSqlInstance?.instances ?? [];
  const kept = (clear ? [] : before).filter((instance) => !removed.includes(instance));
  const instances = [...new Set([...kept, ...add.map(full)])];
  const others = task.volumes?.filter(({ name }) => name !== volume) ?? [];
  if (instances.length === 0) {
    const containers = task.containers.map((container) => ({
      ...container,
      ...(container.volumeMounts && { volumeMounts: container.volumeMounts.filter(({ name }) => name !== volume) }),
    }));
    return { ...task, containers, volumes: others };
  }
  const changed: Volume = { name: volume, cloudSqlInstance: { instances } };
  const containers = task.containers.map((container) => ({
    ...container,
    volumeMounts: withMounts(
      container.volumeMounts,
      container.volumeMounts?.some(({ name }) => name === volume) ? [] : [{ name: volume, mountPath }],
    ),
  }));
  return { ...task, containers, volumes: withVolumes(task.volumes, [changed]) };
}

function fullInstance(instance: string, { project, location }: Parent): string {
  const parts = instance.split(':').length;
  if (parts === 1) return `${project}:${location}:${instance}`;
  // A project of a domain has a colon in its id.
  if (parts === 3 || parts === 4) return instance;
  throw new UsageError(`Malformed CloudSQL instance string: ${instance}`, 'write NAME or PROJECT:REGION:NAME');
}
