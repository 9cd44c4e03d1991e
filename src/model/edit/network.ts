import { StatusError } from '../errors.js';
import type { Parent } from '../names.js';
import type { TaskTemplate } from '../schema/job.js';

type VpcAccess = NonNullable<TaskTemplate['vpcAccess']>;

/** Changes to a job's VPC access. Absent properties change nothing. */
export interface NetworkEdit {
  /** Removes the connector and the egress setting, including those set by the same edit. */
  clearConnector?: boolean | undefined;
  /** Empty: keep it. */
  connector?: string | undefined;
  /** Removes the network interface and the egress setting. */
  clearNetwork?: boolean | undefined;
  /** Empty: none. */
  network?: string | undefined;
  subnetwork?: string | undefined;
  clearTags?: boolean | undefined;
  tags?: string[] | undefined;
  egress?: VpcAccess['egress'] | undefined;
}

/** The VPC access after the edit, in gcloud's order; undefined if nothing remains. */
export function editedVpcAccess(access: VpcAccess = {}, edit: NetworkEdit): VpcAccess | undefined {
  const { clearConnector, clearNetwork, clearTags, connector, network, subnetwork, tags, egress } = edit;
  const result = { ...access };
  if (connector) result.connector = connector;
  if (egress) result.egress = egress;
  if (clearConnector) {
    delete result.connector;
    delete result.egress;
  }
  if ((network ?? subnetwork ?? tags ?? clearTags) !== undefined) {
    const changed = { ...result.networkInterfaces?.[0] };
    if (network !== undefined) changed.network = network;
    if (subnetwork !== undefined) changed.subnetwork = subnetwork;
    if (tags ?? clearTags) changed.tags = tags ?? [];
    const set = Object.entries(changed).filter(([, value]) => value && value.length > 0);
    if (set.length > 0) result.networkInterfaces = [Object.fromEntries(set)];
    else {
      delete result.networkInterfaces;
      delete result.egress;
    }
  }
  if (clearNetwork) {
    delete result.networkInterfaces;
    delete result.egress;
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

/** Changes to the Cloud SQL instances of a job. */
export interface CloudSqlEdit {
  /** Removes all, before everything else. */
  clear?: boolean | undefined;
  remove?: readonly string[] | undefined;
  add?: readonly string[] | undefined;
}

/**
 * Changes the Cloud SQL instances of a job. An instance is `PROJECT:REGION:NAME`, or a bare name in the project and
 * region of the job.
 * @throws StatusError INVALID_ARGUMENT
 */
export function editedCloudSql(
  before: readonly string[],
  parent: Parent,
  { clear, remove = [], add = [] }: CloudSqlEdit,
): string[] {
  const full = (instance: string): string => fullInstance(instance, parent);
  const removed = remove.map(full);
  const kept = clear ? [] : before.filter((instance) => !removed.includes(instance));
  return [...new Set([...kept, ...add.map(full)])];
}

function fullInstance(instance: string, { project, location }: Parent): string {
  const parts = instance.split(':').length;
  if (parts === 1) return `${project}:${location}:${instance}`;
  if (parts === 3) return instance;
  throw new StatusError('INVALID_ARGUMENT', `Malformed CloudSQL instance string: ${instance}`, {
    fix: 'write NAME or PROJECT:REGION:NAME',
  });
}
