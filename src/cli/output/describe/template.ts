import type { Container, Volume } from '../../../model/schema/container.js';
import type { TaskTemplate } from '../../../model/schema/job.js';
import { durationSeconds, formatTimeout } from '../../../model/time.js';
import { type Entry, group } from './entries.js';

/** A task template as gcloud's `describe` shows it. */
export function templateEntries(template: TaskTemplate): Entry[] {
  const volumes = (template.volumes ?? []).toSorted(byName);
  const sql = volumes.find(isSqlConnections);
  return [
    ...template.containers.toSorted(byName).map((container) => ({
      title: `Container${container.name ? ` ${container.name}` : ''}`,
      entries: containerEntries(container, volumes, template.nodeSelector?.accelerator),
    })),
    ['Task Timeout', formatTimeout(durationSeconds(template.timeout ?? '') ?? 0)],
    ['Max Retries', String(template.maxRetries ?? 0)],
    ['Service account', template.serviceAccount],
    ...vpcEntries(template.vpcAccess),
    ['SQL connections', sql?.cloudSqlInstance?.instances?.join(', ')],
    ...group(
      'Volumes',
      volumes.flatMap((volume) => {
        if (volume.secret || isSqlConnections(volume)) return [];
        return [{ title: volume.name, entries: volumeEntries(volume) }];
      }),
    ),
  ];
}

/** Sorts by code units, like gcloud, and not by the rules of a language. */
const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }): number =>
  inOrder(a.name ?? '', b.name ?? '');

/** The v1 API has an annotation for Cloud SQL instances; v2 has a volume of this name. */
const isSqlConnections = ({ name, cloudSqlInstance }: Volume): boolean =>
  name === 'cloudsql' && cloudSqlInstance !== undefined;

function containerEntries(container: Container, volumes: readonly Volume[], gpuType: string | undefined): Entry[] {
  const limits = container.resources?.limits ?? {};
  const env = (container.env ?? []).toSorted(byName);
  const mounts = (container.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const volume = volumes.find((candidate) => candidate.name === name);
    return volume && !isSqlConnections(volume) ? [{ mountPath, volume }] : [];
  });
  const secrets = [
    ...mounts.flatMap(({ mountPath, volume: { secret } }): [string, string][] =>
      secret ? [[mountPath, `${secret.secret}:${secret.items?.[0]?.version ?? 'latest'}`]] : [],
    ),
    ...env.flatMap(({ name, valueSource }): [string, string][] => {
      const secret = valueSource?.secretKeyRef;
      return secret ? [[name, `${secret.secret}:${secret.version ?? 'latest'}`]] : [];
    }),
  ];
  return [
    ['Image', container.image],
    ['Command', container.command?.join(' ')],
    ['Args', container.args?.join(' ')],
    ['Working Directory', container.workingDir],
    ['Memory', limits['memory']],
    ['CPU', limits['cpu']],
    ['GPU', limits['nvidia.com/gpu']],
    ['GPU Type', limits['nvidia.com/gpu'] && gpuType],
    ...group(
      'Env vars',
      env.filter(({ valueSource }) => !valueSource).map(({ name, value }): Entry => [name, value ?? '']),
      true,
    ),
    ...group(
      'Volume Mounts',
      mounts
        .filter(({ volume }) => !volume.secret)
        .toSorted((a, b) => inOrder(a.mountPath, b.mountPath))
        .map(({ mountPath, volume }) => ({ title: mountPath, entries: mountEntries(volume) })),
    ),
    ...group(
      'Secrets',
      secrets.toSorted(([a], [b]) => inOrder(a, b)),
      true,
    ),
    ['Container Dependencies', container.dependsOn?.join(', ')],
    ...group('Startup Probe', probeEntries(container.startupProbe)),
  ];
}

function probeEntries(probe: Container['startupProbe']): Entry[] {
  if (!probe) return [];
  const { httpGet, tcpSocket, grpc, periodSeconds = 10, initialDelaySeconds = 0, timeoutSeconds = 1 } = probe;
  const kind = httpGet ? 'HTTP' : grpc ? 'GRPC' : 'TCP';
  const port = (grpc ?? tcpSocket)?.port;
  return [
    { title: `${kind} every ${periodSeconds}s`, entries: [] },
    ['Path', httpGet?.path],
    ['Port', port === undefined ? undefined : String(port)],
    ['Initial delay', `${initialDelaySeconds}s`],
    ['Timeout', `${timeoutSeconds}s`],
    // v2 does not have this field; for a startup probe it is always 1.
    ['Success threshold', '1'],
    ['Failure threshold', String(probe.failureThreshold ?? 3)],
  ];
}

function typeOf({ emptyDir, nfs, gcs }: Volume): string {
  if (emptyDir) return emptyDir.medium === 'DISK' ? 'ephemeral-disk' : 'in-memory';
  return nfs ? 'nfs' : gcs ? 'cloud-storage' : 'cloudsql';
}

const mountEntries = (volume: Volume): Entry[] => [
  ['name', volume.name],
  ['type', typeOf(volume)],
  ['bucket', volume.gcs?.bucket],
  ['location', nfsLocation(volume)],
];

const volumeEntries = (volume: Volume): Entry[] => [
  ['type', typeOf(volume)],
  ['bucket', volume.gcs?.bucket],
  ['location', nfsLocation(volume)],
  ['size-limit', volume.emptyDir?.sizeLimit],
  ['instances', volume.cloudSqlInstance?.instances?.join(', ')],
  ['read-only', volume.gcs?.readOnly || volume.nfs?.readOnly ? 'True' : undefined],
  ...group(
    'mount-options',
    (volume.gcs?.mountOptions ?? []).map((option): Entry => {
      const [name = '', ...value] = option.split('=');
      return [name, value.join('=')];
    }),
    true,
  ),
];

const nfsLocation = ({ nfs }: Volume): string | undefined => nfs && `${nfs.server}:${nfs.path}`;

function vpcEntries(vpc: TaskTemplate['vpcAccess']): Entry[] {
  const [direct] = vpc?.networkInterfaces ?? [];
  return group('VPC access', [
    ['Connector', vpc?.connector],
    ['Network', direct?.network],
    ['Subnet', direct?.subnetwork],
    ['Egress', vpc?.egress?.toLowerCase().replaceAll('_', '-')],
  ]);
}
