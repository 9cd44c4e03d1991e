import { posix } from 'node:path';
import { nearest } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Container, Volume } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import type { Report } from './violation.js';

/** The number of volumes up to which similar names are searched. */
const maxGuessed = 100;

export function validateVolumes(path: FieldPath, { containers, volumes = [] }: TaskTemplate, report: Report): void {
  const list = [...path, 'volumes'];
  const byName = new Map<string, Volume>();
  volumes.forEach((volume, i) => {
    const at = [...list, i];
    if (byName.has(volume.name)) report([...at, 'name'], 'volume-name-unique', `Duplicate volume name: ${volume.name}`);
    byName.set(volume.name, volume);
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(volume.name)) {
      report([...at, 'name'], 'volume-name', 'should be a DNS label: lower-case letters, digits and -, at most 63');
    }
    validateSource(at, volume, report);
  });
  const names = volumes.map((_, i) => [...list, i, 'name']);
  containers.forEach((container, i) => {
    validateMounts([...path, 'containers', i, 'volumeMounts'], container, byName, names, report);
  });
}

function validateSource(at: FieldPath, volume: Volume, report: Report): void {
  const { name, secret, cloudSqlInstance, emptyDir, nfs, gcs } = volume;
  if (
    (name === 'cloudsql') !== (cloudSqlInstance !== undefined) &&
    (cloudSqlInstance || emptyDir || secret || nfs || gcs)
  ) {
    const text = "Cloud SQL volume must be named 'cloudsql'";
    report([...at, 'name'], 'cloudsql-name', cloudSqlInstance ? text : `${text}, and no other volume`);
  }
  if (!secret && !cloudSqlInstance && !emptyDir && !nfs && !gcs) {
    report(at, 'volume-source', 'has no type', {
      fix: 'add secret, cloudSqlInstance, emptyDir, nfs or gcs',
      because: [at],
    });
  }
  if (cloudSqlInstance && !cloudSqlInstance.instances?.length) {
    report([...at, 'cloudSqlInstance'], 'cloudsql-empty', 'has no instance', { because: [at] });
  }
  if (nfs && (!nfs.server || !nfs.path?.startsWith('/'))) {
    const where = nfs.server ? 'path' : 'server';
    report([...at, 'nfs', where], 'nfs-path', 'an NFS volume should have a server and an absolute path');
  }
  secret?.items?.forEach(({ path }, i) => {
    if (path !== '' && !path.startsWith('/') && !path.split('/').includes('..')) return;
    report([...at, 'secret', 'items', i, 'path'], 'secret-path', 'should be a relative path without `..`');
  });
}

function validateMounts(
  list: FieldPath,
  { volumeMounts = [] }: Container,
  volumes: ReadonlyMap<string, Volume>,
  because: readonly FieldPath[],
  report: Report,
): void {
  const mounted = new Map<string, number>();
  volumeMounts.forEach(({ name, mountPath, subPath }, i) => {
    const at = [...list, i];
    const volume = volumes.get(name);
    if (!volume) {
      const known = volumes.size > maxGuessed ? undefined : nearest(name, volumes.keys());
      report([...at, 'name'], 'volume-mount', `refers to volumes [${name}] which were not found in volumes list`, {
        fix: known === undefined ? `add a volume named ${name}` : `did you mean ${known}?`,
        because,
      });
    }
    if (volume?.secret && subPath) {
      report([...at, 'subPath'], 'mount-sub-path', 'secret volume mounts cannot have sub_path set');
    }
    const clean = posix.normalize(mountPath).replace(/(?<=.)\/$/, '');
    if (volume?.cloudSqlInstance) {
      if (mountPath !== '' && clean !== '/cloudsql') {
        report([...at, 'mountPath'], 'cloudsql-mount', 'must be empty or /cloudsql for a Cloud SQL volume');
      }
    } else if (!mountPath.startsWith('/') || mountPath.includes(':')) {
      report([...at, 'mountPath'], 'mount-path', 'must be a valid unix absolute path');
    } else if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(clean)) {
      const text = `mount paths [${mountPath}] are in one of disallowed mount points [/dev, /proc, /sys]`;
      report([...at, 'mountPath'], 'mount-reserved', text);
    }
    const first = mounted.get(clean);
    if (mountPath !== '' && first !== undefined) {
      report(
        [...at, 'mountPath'],
        'mount-duplicate',
        `hides the mount above it at the same path (volumeMounts[${first}])`,
      );
    }
    mounted.set(clean, i);
  });
}
