import path from 'node:path';
import { exportName } from '../../../model/local/mappings.js';
import { bucketOptions } from '../../../model/local/volume-options.js';
import { inside } from '../../../model/local/volume-paths.js';
import { defaultSettings, type LocalSettings } from '../../../model/local/settings.js';
import { ownProperty } from '../../../model/own-property.js';
import { memoryVolumeBytes, secretItems } from '../../../model/volumes.js';
import type { Volume, VolumeMount } from '../../../model/schema/container.js';
import type { TaskTemplate } from '../../../model/schema/job.js';
import type { AttemptContainer, AttemptSpec, SecretReference } from '../../port.js';
import type { Mount, VolumeSpec } from '../engine-api.js';

/** A file of a secret volume. */
export interface SecretFile extends SecretReference {
  file: string;
  mode: number;
}

/** Everything that the volumes of an attempt need. */
export interface VolumePlan {
  /** The attempt's directory, for files that localrun creates. */
  directory: string;
  /** Volumes that the engine must create. */
  volumes: VolumeSpec[];
  /** Those of them that are in memory, held by the sandbox. */
  held: Mount[];
  /** The mounts of each container. */
  mounts: Mount[][];
  files: SecretFile[];
  /** Paths of this machine that are mounted. */
  lent: string[];
}

/** The names and labels of an attempt's volumes, and the directories for its files. */
interface Place {
  /** The name of the main container. */
  attempt: string;
  directory: string;
  /** The directory of the sockets on which localrun listens for Cloud SQL instances. */
  sockets: string;
  labels: Record<string, string>;
}

/** One mount of a volume, and its container. */
interface Use {
  container: number;
  mount: VolumeMount;
}

/** The part of an attempt that its volumes depend on. */
interface Mounting {
  containers: readonly Pick<AttemptContainer, 'volumeMounts' | 'memoryBytes'>[];
  volumes: AttemptSpec['volumes'];
}

const volumeMode = 0o777;

export function volumePlan(attempt: Mounting, settings: LocalSettings, place: Place): VolumePlan {
  const { containers, volumes } = attempt;
  const { directory } = place;
  const plan: VolumePlan = { directory, volumes: [], held: [], mounts: containers.map(() => []), files: [], lent: [] };
  const uses = (name: string): Use[] =>
    containers.flatMap(({ volumeMounts }, container) =>
      volumeMounts.filter((mount) => mount.name === name).map((mount) => ({ container, mount })),
    );
  volumes.forEach((volume, i) => {
    const used = uses(volume.name);
    const { secret, emptyDir, gcs, nfs, cloudSqlInstance } = volume;
    if (emptyDir) addEmptyDir(plan, emptyDir, used, `${place.attempt}-volume${i}`, { attempt, labels: place.labels });
    if (secret && used.length > 0) addSecret(plan, secret, used, path.join(directory, `volume${i}`));
    if (gcs) {
      const { only, readOnly } = bucketOptions(gcs.mountOptions ?? []);
      const bucket = ownProperty(settings.buckets, gcs.bucket ?? '') ?? '';
      addDirectory(plan, path.join(bucket, inside(only) ?? ''), used, gcs.readOnly || readOnly);
    }
    if (nfs) {
      const share = ownProperty(settings.nfs, exportName(`${nfs.server ?? ''}:${nfs.path ?? ''}`)) ?? '';
      addDirectory(plan, share, used, nfs.readOnly ?? false);
    }
    if (cloudSqlInstance) addCloudSql(plan, cloudSqlInstance, used, place.sockets, settings);
  });
  return plan;
}

/** Whether memory is mounted more than once, so that the sandbox must hold it. */
export function sharesMemory({ containers, volumes = [] }: TaskTemplate): boolean {
  const attempt = {
    containers: containers.map(({ volumeMounts = [] }) => ({ volumeMounts, memoryBytes: 0 })),
    volumes,
  };
  return volumePlan(attempt, defaultSettings, { attempt: '', directory: '', sockets: '', labels: {} }).held.length > 0;
}

const add = (plan: VolumePlan, container: number, mount: Mount): void => void plan.mounts[container]?.push(mount);

/**
 * A directory of the attempt's own. A sub-path of it is a volume of its own, which also appears in its place where more
 * of the directory is mounted: mounting it out of a directory that containers can change would follow links that they
 * put there.
 */
function addEmptyDir(
  plan: VolumePlan,
  { medium, sizeLimit }: NonNullable<Volume['emptyDir']>,
  uses: readonly Use[],
  name: string,
  { attempt, labels }: { attempt: Mounting; labels: Record<string, string> },
): void {
  const memory = attempt.containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const sizeBytes = medium === 'DISK' ? undefined : memoryVolumeBytes(memory, sizeLimit);
  const parts = [...new Set(uses.map(({ mount }) => inside(mount.subPath ?? '') ?? ''))];
  for (const [i, part] of parts.entries()) {
    const targets = uses.flatMap(({ container, mount }) => {
      const rest = below(part, inside(mount.subPath ?? '') ?? '');
      return rest === undefined ? [] : [{ container, target: path.posix.join(mount.mountPath, rest) }];
    });
    const [first] = targets;
    if (first && sizeBytes !== undefined && targets.length === 1) {
      add(plan, first.container, { kind: 'tmpfs', target: first.target, sizeBytes, mode: volumeMode });
      continue;
    }
    const source = i === 0 ? name : `${name}-${i}`;
    plan.volumes.push({ name: source, labels, memoryBytes: sizeBytes });
    for (const { container, target } of targets) add(plan, container, { kind: 'volume', source, target });
    if (sizeBytes !== undefined) plan.held.push({ kind: 'volume', source, target: `/volumes/${source}` });
  }
}

/** The path from `base` to `part` inside it; undefined if it is not inside. */
function below(part: string, base: string): string | undefined {
  if (base === '' || part === base) return base === '' ? part : '';
  return part.startsWith(`${base}/`) ? part.slice(base.length + 1) : undefined;
}

function addSecret(
  plan: VolumePlan,
  secret: NonNullable<Volume['secret']>,
  uses: readonly Use[],
  directory: string,
): void {
  for (const { path: name, version, mode } of secretItems(secret)) {
    plan.files.push({ secret: secret.secret, version, file: path.join(directory, inside(name) ?? ''), mode });
  }
  for (const { container, mount } of uses) {
    add(plan, container, { kind: 'bind', source: directory, target: mount.mountPath, readOnly: true });
  }
}

function addDirectory(plan: VolumePlan, directory: string, uses: readonly Use[], readOnly: boolean): void {
  for (const { container, mount } of uses) {
    const source = path.join(directory, inside(mount.subPath ?? '') ?? '');
    plan.lent.push(source);
    add(plan, container, { kind: 'bind', source, target: mount.mountPath, ...(readOnly && { readOnly }) });
  }
}

/** Localrun's own sockets in their directory, and the sockets of others mounted at the places reserved for them. */
function addCloudSql(
  plan: VolumePlan,
  { instances = [] }: NonNullable<Volume['cloudSqlInstance']>,
  uses: readonly Use[],
  sockets: string,
  { cloudSql }: LocalSettings,
): void {
  for (const { container, mount } of uses) {
    const target = mount.mountPath || '/cloudsql';
    add(plan, container, { kind: 'bind', source: sockets, target, readOnly: true });
    for (const instance of instances) {
      const endpoint = ownProperty(cloudSql, instance);
      if (!endpoint || 'tcp' in endpoint) continue;
      plan.lent.push(endpoint.socket);
      const at = path.posix.join(target, instance);
      add(plan, container, { kind: 'bind', source: endpoint.socket, target: at, readOnly: true });
    }
  }
}
