import { createHash } from 'node:crypto';
import path from 'node:path';
import type {
  Container,
  EnvVar,
  Pod,
  PodSpec,
  Probe,
  SecretProjection,
  Toleration,
  Volume,
  VolumeMount,
} from 'kubernetes-types/core/v1.js';
import type { OwnerReference } from 'kubernetes-types/meta/v1.js';
import { credentialsPath, type KubernetesSettings, type LocalSettings } from '../../model/local/settings.js';
import { bucketOptions } from '../../model/local/volume-options.js';
import { inside } from '../../model/local/volume-paths.js';
import { shortName } from '../../model/names.js';
import { ownProperty } from '../../model/own-property.js';
import { parseQuantity } from '../../model/quantity.js';
import type { Probe as StartupProbe } from '../../model/schema/probe.js';
import { memoryVolumeBytes, type SecretItem, secretItems } from '../../model/volumes.js';
import { droppedCapabilities } from '../capabilities.js';
import type { AttemptContainer, AttemptSpec, SecretReference } from '../port.js';

/** What a pod depends on besides its attempt. */
export interface PodContext extends PodSpecContext {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The execution's ConfigMap. */
  owner: OwnerReference;
  /** The server has native sidecars: it is 1.29 or later. */
  startupOrder: boolean;
}

/** The part of it that decides what runs. */
export interface PodSpecContext {
  /** The execution's Secret. */
  secretName: string;
  settings: Pick<LocalSettings, 'secrets' | 'claims' | 'credentials' | 'platform' | 'pull'>;
  kubernetes: KubernetesSettings;
}

/** An attempt as a pod. It must not ask for what the runtime lacks. */
export function podOf(spec: AttemptSpec, context: PodContext): Pod {
  const { name, namespace, labels, annotations, owner } = context;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, annotations, ownerReferences: [owner] },
    spec: podSpec(spec, context.startupOrder ? startedFirst(spec.containers) : [], context),
  };
}

/** @param first the indexes of the containers that start before the others, in this order, and end after them */
export function podSpec(spec: AttemptSpec, first: readonly number[], context: PodSpecContext): PodSpec {
  const { settings, kubernetes } = context;
  const { serviceAccount, imagePullSecrets, nodeSelector } = kubernetes;
  const names = containerNames(spec);
  const volumes = volumeNames(spec, settings);
  const mounted = volumesOf(spec, volumes, context);
  const built = spec.containers.map((container, i) => ({
    name: names[i] ?? '',
    ...containerOf(container, spec, volumes, context),
  }));
  const selector = { ...platformLabels(settings.platform), ...nodeSelector };
  const tolerations = [...kubernetes.tolerations.map(clean), ...unreachable(kubernetes)];
  const sidecars = spec.containers.length > 1;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: spec.graceSeconds,
    // Else the containers get variables for each service of the namespace, and a token.
    enableServiceLinks: false,
    automountServiceAccountToken: serviceAccount !== undefined,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    ...(Object.keys(selector).length > 0 && { nodeSelector: selector }),
    tolerations,
    ...(sidecars && { hostAliases: [{ ip: '127.0.0.1', hostnames: spec.containers.map(({ name }) => name) }] }),
    ...(first.length > 0 && {
      // The kubelet starts them one after the other, waits until each is up, and ends them after the others.
      initContainers: first
        .flatMap((i) => built[i] ?? [])
        .map((container) => ({ ...container, restartPolicy: 'Always' })),
    }),
    containers: built.filter((_, i) => !first.includes(i)),
    ...(mounted.length > 0 && { volumes: mounted }),
  };
}

/** The names of an attempt's containers in its pod. Those of Cloud Run can have dots, those of a pod cannot. */
export const containerNames = ({ containers }: { containers: readonly { name: string }[] }): string[] =>
  labelsFor(
    containers.map(({ name }) => name),
    'container',
  );

/**
 * The key in the execution's Secret for the value of a secret version; undefined if the value comes from a Secret of the
 * namespace.
 */
export function secretKey(reference: SecretReference, settings: Pick<LocalSettings, 'secrets'>): string | undefined {
  const { secret, version } = reference;
  if (namespaceSecret(reference, settings)) return undefined;
  // The hash tells projects apart; the rest is for people, and limited because a key has at most 253 characters.
  const hash = createHash('sha256').update(`${secret}\n${version}`).digest('hex').slice(0, 16);
  return `${shortName(secret).slice(0, 100)}.${version.slice(0, 100)}.${hash}`;
}

/** The key in the execution's Secret for the application default credentials. */
export const credentialsKey = path.posix.basename(credentialsPath);

/** The key of a Secret of the namespace that replaces a secret version. */
export function namespaceSecret(
  { secret, version }: SecretReference,
  { secrets }: Pick<LocalSettings, 'secrets'>,
): { name: string; key: string } | undefined {
  const source = ownProperty(ownProperty(secrets, secret) ?? {}, version);
  return source && 'kubernetesSecret' in source ? { name: source.kubernetesSecret, key: source.key } : undefined;
}

/** All secret versions that an attempt uses, as variables and as files. */
export const secretReferences = (spec: AttemptSpec): SecretReference[] => [
  ...spec.containers.flatMap(({ secrets }) => Object.values(secrets)),
  ...spec.volumes.flatMap((volume) =>
    volume.secret && isMounted(volume, spec) ? versionsOf(volume.secret).map(({ reference }) => reference) : [],
  ),
];

const isMounted = ({ name }: AttemptSpec['volumes'][number], { containers }: AttemptSpec): boolean =>
  containers.some(({ volumeMounts }) => volumeMounts.some((mount) => mount.name === name));

type Gcs = AttemptSpec['volumes'][number]['gcs'];
type SecretVolume = NonNullable<AttemptSpec['volumes'][number]['secret']>;

const versionsOf = (volume: SecretVolume): { reference: SecretReference; item: SecretItem }[] =>
  secretItems(volume).map((item) => ({ reference: { secret: volume.secret, version: item.version }, item }));

/** Names that can be DNS labels, as Kubernetes asks for; if one of them cannot, all get a number after a prefix. */
const labelsFor = (names: readonly string[], prefix: string): string[] =>
  names.every((name) => /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
    ? [...names]
    : names.map((_, i) => `${prefix}-${i}`);

const credentialsVolume = 'localrun-credentials';

/**
 * The names of the attempt's volumes in the pod, in their order. Volumes with the same claim are one there: a kubelet
 * never gets to the second.
 */
function volumeNames({ volumes }: AttemptSpec, settings: Pick<LocalSettings, 'claims'>): string[] {
  const given = volumes.map(({ name }) => name);
  const names = labelsFor(given.includes(credentialsVolume) ? given.map(() => '') : given, 'volume');
  const claims = volumes.map(({ gcs }) => gcs && claimOf(gcs, settings));
  return names.map((name, i) => (claims[i] === undefined ? name : (names[claims.indexOf(claims[i])] ?? name)));
}

const claimOf = ({ bucket = '' }: NonNullable<Gcs>, { claims }: Pick<LocalSettings, 'claims'>): string =>
  ownProperty(claims, bucket) ?? '';

/**
 * The indexes of the containers that others depend on, in an order in which each comes after those that it depends on
 * itself.
 */
export function startedFirst(containers: readonly AttemptContainer[]): number[] {
  const order = new Set<number>();
  const visit = (i: number): void => {
    for (const needed of containers[i]?.dependsOn ?? []) {
      visit(needed);
      order.add(needed);
    }
  };
  containers.forEach((_, i) => visit(i));
  return [...order];
}

function containerOf(
  container: AttemptContainer,
  spec: AttemptSpec,
  volumes: readonly string[],
  { secretName, settings, kubernetes }: PodSpecContext,
): Omit<Container, 'name'> {
  const { image, command, args, workingDir, probe } = container;
  const credentials = settings.credentials !== undefined;
  const plain = { ...container.env, ...(credentials && { GOOGLE_APPLICATION_CREDENTIALS: credentialsPath }) };
  const env: EnvVar[] = [
    ...Object.entries(plain).map(([name, value]) => ({ name, value: literal(value) })),
    // Secrets do not override variables that the system sets.
    ...Object.entries(container.secrets)
      .filter(([name]) => !Object.hasOwn(plain, name))
      .map(([name, reference]) => ({
        name,
        valueFrom: { secretKeyRef: secretAt(reference, secretName, settings) },
      })),
  ];
  const mounts: VolumeMount[] = [
    ...container.volumeMounts.flatMap((mount) => {
      const i = spec.volumes.findIndex(({ name }) => name === mount.name);
      const volume = spec.volumes[i];
      if (!volume) return [];
      const options = bucketOptions(volume.gcs?.mountOptions ?? []);
      const subPath = path.posix.join(inside(options.only) ?? '', inside(mount.subPath ?? '') ?? '');
      const readOnly = volume.gcs?.readOnly || options.readOnly || volume.nfs?.readOnly || volume.secret !== undefined;
      return {
        name: volumes[i] ?? '',
        mountPath: mount.mountPath,
        ...(subPath !== '.' && { subPath }),
        ...(readOnly && { readOnly }),
      };
    }),
    ...(credentials
      ? [{ name: credentialsVolume, mountPath: path.posix.dirname(credentialsPath), readOnly: true }]
      : []),
  ];
  return {
    image,
    imagePullPolicy: kubernetes.imagesOnNodes ? 'Never' : pullPolicies[settings.pull],
    ...(command && { command: command.map(literal) }),
    ...(args && { args: args.map(literal) }),
    ...(workingDir && { workingDir }),
    ...(env.length > 0 && { env }),
    resources: resourcesOf(container, kubernetes.requests),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [...droppedCapabilities] } },
    ...(probe && { startupProbe: probeOf(probe) }),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

const pullPolicies = { missing: 'IfNotPresent', always: 'Always', never: 'Never' } as const;

/** A text in which Kubernetes finds no variable to expand: it replaces $(NAME), and $$ by $. */
const literal = (text: string): string => text.replaceAll('$', () => '$$');

const secretAt = (
  reference: SecretReference,
  secretName: string,
  settings: PodSpecContext['settings'],
): { name: string; key: string } =>
  namespaceSecret(reference, settings) ?? { name: secretName, key: secretKey(reference, settings) ?? '' };

/** The limits, and what the scheduler looks for if that is less. */
function resourcesOf(
  { memoryBytes, cpus, gpus }: AttemptContainer,
  requests: KubernetesSettings['requests'],
): NonNullable<Container['resources']> {
  const least = (request: string, limit: number, shown: string): string =>
    (parseQuantity(request) ?? limit) < limit ? request : shown;
  const cpu = cpuQuantity(cpus);
  const memory = byteQuantity(memoryBytes);
  return {
    limits: { cpu, memory, ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }) },
    ...(requests && {
      requests: {
        cpu: least(requests.cpu ?? cpu, cpus, cpu),
        memory: least(requests.memory ?? memory, memoryBytes, memory),
      },
    }),
  };
}

const cpuQuantity = (cpus: number): string => (Number.isInteger(cpus) ? String(cpus) : `${Math.round(cpus * 1000)}m`);

const byteQuantity = (bytes: number): string =>
  bytes % 1024 ** 2 === 0 ? `${bytes / 1024 ** 2}Mi` : String(Math.round(bytes));

function probeOf({ httpGet, tcpSocket, grpc, ...times }: StartupProbe): Probe {
  const { path, port: httpPort = 0, httpHeaders = [] } = httpGet ?? {};
  return {
    ...clean(times),
    ...(httpGet && {
      httpGet: {
        path: path || '/',
        port: httpPort,
        ...(httpHeaders.length > 0 && {
          httpHeaders: httpHeaders.map(({ name, value = '' }) => ({ name, value })),
        }),
      },
    }),
    ...(tcpSocket && { tcpSocket: { port: tcpSocket.port ?? 0 } }),
    ...(grpc && { grpc: { port: grpc.port ?? 0, ...(grpc.service && { service: grpc.service }) } }),
  };
}

/** The node must be of the platform that the image is for. */
function platformLabels(platform: string): Record<string, string> {
  const [os, arch] = platform.split('/');
  return os && arch ? { 'kubernetes.io/os': os, 'kubernetes.io/arch': arch } : {};
}

/** How long the pods of a node that does not answer stay before the cluster deletes them. */
const unreachableSeconds = 30;

/** The cluster's default is 300 s. A toleration in the settings takes precedence. */
const unreachable = ({ tolerations }: KubernetesSettings): Toleration[] =>
  ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter((taint) => !tolerations.some(({ key }) => key === taint))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: unreachableSeconds }));

/** An object without its undefined properties. */
const clean = <T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/** The volumes that a container mounts. */
function volumesOf(spec: AttemptSpec, names: readonly string[], { secretName, settings }: PodSpecContext): Volume[] {
  const memoryBytes = spec.containers.reduce((sum, container) => sum + container.memoryBytes, 0);
  const mounted = spec.volumes.flatMap((volume, i): Volume[] => {
    if (!isMounted(volume, spec)) return [];
    const name = names[i] ?? '';
    const { secret, emptyDir, gcs, nfs } = volume;
    if (secret) return [{ name, projected: { sources: projections(secret, secretName, settings) } }];
    if (gcs) return [{ name, persistentVolumeClaim: { claimName: claimOf(gcs, settings) } }];
    if (nfs) {
      const { server = '', path: directory = '', readOnly } = nfs;
      return [{ name, nfs: { server, path: directory, ...(readOnly && { readOnly }) } }];
    }
    if (emptyDir?.medium === 'DISK') {
      return [{ name, emptyDir: emptyDir.sizeLimit ? { sizeLimit: emptyDir.sizeLimit } : {} }];
    }
    const sizeLimit = byteQuantity(memoryVolumeBytes(memoryBytes, emptyDir?.sizeLimit));
    return [{ name, emptyDir: { medium: 'Memory', sizeLimit } }];
  });
  const volumes = [...new Map(mounted.map((volume) => [volume.name, volume])).values()];
  if (settings.credentials === undefined) return volumes;
  const items = [{ key: credentialsKey, path: credentialsKey }];
  return [...volumes, { name: credentialsVolume, secret: { secretName, items } }];
}

/** The files of a secret volume, by the Secret of the cluster that has them. */
function projections(
  volume: SecretVolume,
  secretName: string,
  settings: PodSpecContext['settings'],
): { secret: SecretProjection }[] {
  const files = versionsOf(volume).map(({ reference, item: { path: file, mode } }) => {
    const { name, key } = secretAt(reference, secretName, settings);
    return { name, item: { key, path: inside(file) ?? '', mode } };
  });
  return [...new Set(files.map(({ name }) => name))].map((name) => ({
    secret: { name, items: files.filter((file) => file.name === name).map(({ item }) => item) },
  }));
}
