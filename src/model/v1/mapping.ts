import type { FieldPath } from '../field-path.js';
import { durationSeconds } from '../time.js';
import { isSystemKey } from './annotations.js';
import { isTree, type Mapping, Unreadable } from './convert.js';

export const jobMeta: FieldPath = ['metadata'];
export const executionMeta: FieldPath = ['spec', 'template', 'metadata'];
const executionSpec: FieldPath = ['spec', 'template', 'spec'];
export const taskSpec: FieldPath = [...executionSpec, 'template', 'spec'];
export const taskTemplate: FieldPath = ['template', 'template'];

const same = (...fields: string[]): Mapping[] => fields.map((field) => ({ v1: [field], v2: [field] }));
const object = (field: string, inner: readonly Mapping[]): Mapping => ({ v1: [field], v2: [field], inner });
const list = (field: string, each: readonly Mapping[]): Mapping => ({ v1: [field], v2: [field], each });

type Conversion = Omit<Mapping, 'v1' | 'v2'>;
const annotation = (where: FieldPath, name: string, v2: FieldPath, conversion: Conversion = {}): Mapping => ({
  v1: [...where, 'annotations', `run.googleapis.com/${name}`],
  v2,
  ...conversion,
});

/** Values that the versions spell differently: v2's spelling first, then those of v1, of which the first is written. */
function spelled(names: Record<string, readonly string[]>): Conversion {
  const known = Object.values(names).map(([first]) => first);
  return {
    toV2: (text: string) => {
      const found = Object.keys(names).find((name) => names[name]?.includes(text));
      if (found === undefined) throw new Unreadable(`must be ${known.join(' or ')}, got ${JSON.stringify(text)}`);
      return found;
    },
    toV1: (name: string) => names[name]?.[0],
  };
}

/** v2 has a duration where v1 counts whole seconds. */
const seconds: Conversion = {
  toV2: (count: string) => `${count}s`,
  toV1: (duration: string) => String(Math.ceil(durationSeconds(duration) ?? 0)),
};

export const splitList = (text: string): string[] => text.split(',').filter((item) => item !== '');

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable('must be JSON');
  }
}

export const envMappings: readonly Mapping[] = [
  ...same('name', 'value'),
  {
    v1: ['valueFrom'],
    v2: ['valueSource'],
    inner: [
      object('secretKeyRef', [
        { v1: ['name'], v2: ['secret'] },
        { v1: ['key'], v2: ['version'] },
      ]),
    ],
  },
];

const probe = (field: string): Mapping =>
  object(field, [
    ...same('initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'),
    object('httpGet', [...same('path', 'port'), list('httpHeaders', same('name', 'value'))]),
    object('tcpSocket', same('port')),
    object('grpc', same('port', 'service')),
  ]);

const containerMappings: Mapping[] = [
  ...same('name', 'image', 'command', 'args', 'workingDir', 'sandboxLauncher'),
  list('env', envMappings),
  object('resources', same('limits')),
  list('ports', same('name', 'containerPort')),
  list('volumeMounts', same('name', 'mountPath', 'subPath')),
  probe('livenessProbe'),
  probe('readinessProbe'),
  probe('startupProbe'),
];

/** A list that v1 joins with commas. */
const joined: Conversion = { toV2: splitList, toV1: (items: string[]) => items.join(',') };

/** Buckets and Cloud SQL instances are drivers of one volume type in v1. */
const gcsDriver = 'gcsfuse.run.googleapis.com';
const sqlDriver = 'cloudsql.run.googleapis.com';
/** The attributes that each driver uses. */
export const csiAttributes: Readonly<Record<string, readonly string[]>> = {
  [gcsDriver]: ['bucketName', 'mountOptions'],
  [sqlDriver]: ['instances'],
};

const volumeMappings: Mapping[] = [
  ...same('name'),
  object('nfs', same('server', 'path', 'readOnly')),
  object('secret', [
    { v1: ['secretName'], v2: ['secret'] },
    ...same('defaultMode'),
    list('items', [...same('path', 'mode'), { v1: ['key'], v2: ['version'] }]),
  ]),
  object('emptyDir', [
    { v1: ['medium'], v2: ['medium'], ...spelled({ MEMORY: ['Memory'], DISK: ['Disk'] }) },
    ...same('sizeLimit'),
  ]),
  {
    v1: ['csi'],
    v2: ['gcs'],
    v1With: { driver: gcsDriver },
    inner: [
      ...same('readOnly'),
      { v1: ['volumeAttributes', 'bucketName'], v2: ['bucket'] },
      { v1: ['volumeAttributes', 'mountOptions'], v2: ['mountOptions'], ...joined },
    ],
  },
  {
    v1: ['csi'],
    v2: ['cloudSqlInstance'],
    v1With: { driver: sqlDriver },
    inner: [{ v1: ['volumeAttributes', 'instances'], v2: ['instances'], ...joined }],
  },
];

const jobAnnotations: Mapping[] = [
  annotation(jobMeta, 'client-name', ['client']),
  annotation(jobMeta, 'client-version', ['clientVersion']),
  annotation(jobMeta, 'launch-stage', ['launchStage'], spelled({ ALPHA: ['ALPHA'], BETA: ['BETA'], GA: ['GA'] })),
  annotation(jobMeta, 'binary-authorization', ['binaryAuthorization', 'useDefault'], {
    toV2: (policy: string) => policy === 'default' || undefined,
    toV1: (useDefault: boolean) => (useDefault ? 'default' : undefined),
  }),
  annotation(jobMeta, 'binary-authorization', ['binaryAuthorization', 'policy'], {
    toV2: (policy: string) => (policy === 'default' ? undefined : policy),
    toV1: (policy: string) => policy,
  }),
  annotation(jobMeta, 'binary-authorization-breakglass', ['binaryAuthorization', 'breakglassJustification']),
];

function networkInterfaces(json: string): unknown {
  const interfaces = parseJson(json);
  const isInterface = (item: unknown): boolean =>
    isTree(item) &&
    Object.entries(item).every(([key, value]) =>
      key === 'tags'
        ? Array.isArray(value) && value.every((tag) => typeof tag === 'string')
        : ['network', 'subnetwork'].includes(key) && typeof value === 'string',
    );
  if (Array.isArray(interfaces) && interfaces.every(isInterface)) return interfaces;
  throw new Unreadable('must be a JSON list of objects with network, subnetwork and tags', example);
}
const example = `e.g. '[{"network":"default","subnetwork":"default"}]'`;

const taskAnnotation = (name: string, v2: FieldPath, conversion?: Conversion): Mapping =>
  annotation(executionMeta, name, [...taskTemplate, ...v2], conversion);

/** Annotations of the execution. For `secrets`, `cloudsql-instances` and `container-dependencies`, see read.ts. */
const executionAnnotations: Mapping[] = [
  annotation(executionMeta, 'client-name', ['template', 'client']),
  annotation(executionMeta, 'client-version', ['template', 'clientVersion']),
  taskAnnotation(
    'execution-environment',
    ['executionEnvironment'],
    spelled({ EXECUTION_ENVIRONMENT_GEN1: ['gen1'], EXECUTION_ENVIRONMENT_GEN2: ['gen2'] }),
  ),
  taskAnnotation('encryption-key', ['encryptionKey']),
  taskAnnotation('vpc-access-connector', ['vpcAccess', 'connector']),
  taskAnnotation(
    'vpc-access-egress',
    ['vpcAccess', 'egress'],
    spelled({ ALL_TRAFFIC: ['all-traffic', 'all'], PRIVATE_RANGES_ONLY: ['private-ranges-only'] }),
  ),
  taskAnnotation('network-interfaces', ['vpcAccess', 'networkInterfaces'], {
    toV2: networkInterfaces,
    toV1: (value: unknown) => JSON.stringify(value),
  }),
  taskAnnotation('gpu-zonal-redundancy-disabled', ['gpuZonalRedundancyDisabled'], {
    toV2: (text: string) => {
      if (!/^(?:true|false)$/i.test(text)) throw new Unreadable(`must be True or False, got ${JSON.stringify(text)}`);
      return text.toLowerCase() === 'true';
    },
    toV1: (value: boolean) => (value ? 'True' : 'False'),
  }),
];

/** The user's own labels or annotations. Those in the service's namespaces are fields of the v2 API. */
const userKeys: Conversion = {
  toV2: (entries: Record<string, string>) => {
    const own = Object.entries(entries).filter(([name]) => !isSystemKey(name));
    return own.length > 0 ? Object.fromEntries(own) : undefined;
  },
  // System annotations are added separately.
  toV1: (entries: Record<string, string>) => ({ ...entries }),
};

/** Everything that both versions hold in one place each. Source: the API's documentation of v1. */
export const jobMappings: readonly Mapping[] = [
  { v1: [...jobMeta, 'labels'], v2: ['labels'], ...userKeys },
  { v1: [...jobMeta, 'annotations'], v2: ['annotations'], ...userKeys },
  ...jobAnnotations,
  ...['startExecutionToken', 'runExecutionToken'].map((field) => ({ v1: ['spec', field], v2: [field] })),
  { v1: [...executionMeta, 'labels'], v2: ['template', 'labels'], ...userKeys },
  { v1: [...executionMeta, 'annotations'], v2: ['template', 'annotations'], ...userKeys },
  ...executionAnnotations,
  ...['parallelism', 'taskCount', 'delayExecution'].map((field) => ({
    v1: [...executionSpec, field],
    v2: ['template', field],
  })),
  { v1: [...taskSpec, 'maxRetries'], v2: [...taskTemplate, 'maxRetries'] },
  { v1: [...taskSpec, 'timeoutSeconds'], v2: [...taskTemplate, 'timeout'], ...seconds },
  {
    v1: [...taskSpec, 'terminationGracePeriodSeconds'],
    v2: [...taskTemplate, 'terminationGracePeriod'],
    ...seconds,
  },
  { v1: [...taskSpec, 'serviceAccountName'], v2: [...taskTemplate, 'serviceAccount'] },
  {
    v1: [...taskSpec, 'nodeSelector', 'run.googleapis.com/accelerator'],
    v2: [...taskTemplate, 'nodeSelector', 'accelerator'],
  },
  { v1: [...taskSpec, 'containers'], v2: [...taskTemplate, 'containers'], each: containerMappings },
  { v1: [...taskSpec, 'volumes'], v2: [...taskTemplate, 'volumes'], each: volumeMappings },
];
