import type { Path } from '../path.js';
import type { Container } from '../schema/container.js';
import type { Job, JobInput, TaskTemplate } from '../schema/job.js';
import type { JobV1 } from '../schema/v1.js';
import { durationSeconds } from '../time.js';
import { convert, get, newNotes, type Notes, put, type Rule, type Tree, Unreadable } from './mapping.js';

const same = (...fields: string[]): Rule[] => fields.map((field) => ({ v1: [field], v2: [field] }));

const jobAnnotations: Path = ['metadata', 'annotations'];
const executionMeta: Path = ['spec', 'template', 'metadata'];
const executionSpec: Path = ['spec', 'template', 'spec'];
const taskSpec: Path = [...executionSpec, 'template', 'spec'];
const taskTemplate: Path = ['template', 'template'];

const annotation = (where: Path, name: string, v2: Path, rule: Omit<Rule, 'v1' | 'v2'> = {}): Rule => ({
  v1: [...where, `run.googleapis.com/${name}`],
  v2,
  ...rule,
});

const joined = { toV2: (text: string) => text.split(','), toV1: (items: string[]) => items.join(',') };

const envRules: Rule[] = [
  ...same('name', 'value'),
  { v1: ['valueFrom', 'secretKeyRef', 'name'], v2: ['valueSource', 'secretKeyRef', 'secret'] },
  { v1: ['valueFrom', 'secretKeyRef', 'key'], v2: ['valueSource', 'secretKeyRef', 'version'] },
];

const probeRules: Rule[] = same(
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'failureThreshold',
  'httpGet',
  'tcpSocket',
  'grpc',
);

const probe = (name: string): Rule => ({
  v1: [name],
  v2: [name],
  toV2: (value: Tree) => convert(probeRules, 'v1', value),
  toV1: (value: Tree) => convert(probeRules, 'v2', value),
});

const containerRules: Rule[] = [
  ...same('name', 'image', 'command', 'args', 'workingDir', 'sandboxLauncher'),
  { v1: ['env'], v2: ['env'], each: envRules },
  { v1: ['resources', 'limits'], v2: ['resources', 'limits'] },
  { v1: ['ports'], v2: ['ports'], each: same('name', 'containerPort') },
  { v1: ['volumeMounts'], v2: ['volumeMounts'], each: same('name', 'mountPath', 'subPath') },
  probe('livenessProbe'),
  probe('readinessProbe'),
  probe('startupProbe'),
];

/** Buckets and Cloud SQL instances are drivers of one kind of volume in v1. */
interface Csi {
  driver: string;
  readOnly?: boolean;
  volumeAttributes?: Record<string, string>;
}

const volumeRules: Rule[] = [
  ...same('name', 'nfs'),
  { v1: ['secret', 'secretName'], v2: ['secret', 'secret'] },
  { v1: ['secret', 'defaultMode'], v2: ['secret', 'defaultMode'] },
  {
    v1: ['secret', 'items'],
    v2: ['secret', 'items'],
    each: [...same('path', 'mode'), { v1: ['key'], v2: ['version'] }],
  },
  {
    v1: ['emptyDir'],
    v2: ['emptyDir'],
    toV2: (value: { medium?: string }) => ({
      ...value,
      ...(value.medium ? { medium: value.medium.toUpperCase() } : {}),
    }),
    toV1: (value: Tree) => ({
      ...value,
      ...(value['medium'] ? { medium: value['medium'] === 'DISK' ? 'Disk' : 'Memory' } : {}),
    }),
  },
  {
    v1: ['csi'],
    v2: ['gcs'],
    toV2: ({ driver, readOnly, volumeAttributes = {} }: Csi) => {
      if (driver !== 'gcsfuse.run.googleapis.com') return undefined;
      const { bucketName = '', mountOptions } = volumeAttributes;
      return {
        bucket: bucketName,
        ...(readOnly !== undefined ? { readOnly } : {}),
        ...(mountOptions ? { mountOptions: mountOptions.split(',') } : {}),
      };
    },
    toV1: (gcs: { bucket?: string; readOnly?: boolean; mountOptions?: string[] }) => ({
      driver: 'gcsfuse.run.googleapis.com',
      ...(gcs.readOnly !== undefined ? { readOnly: gcs.readOnly } : {}),
      volumeAttributes: {
        bucketName: gcs.bucket ?? '',
        ...(gcs.mountOptions ? { mountOptions: gcs.mountOptions.join(',') } : {}),
      },
    }),
  },
  {
    v1: ['csi'],
    v2: ['cloudSqlInstance', 'instances'],
    toV2: ({ driver, volumeAttributes }: Csi) =>
      driver === 'cloudsql.run.googleapis.com' ? (volumeAttributes?.['instances'] ?? '').split(',') : undefined,
    toV1: (instances: string[]) => ({
      driver: 'cloudsql.run.googleapis.com',
      volumeAttributes: { instances: instances.join(',') },
    }),
  },
];

/** Everything that both versions say in one place each. Source: the appendix on v1 of the API's own documentation. */
const jobRules: Rule[] = [
  { v1: ['metadata', 'labels'], v2: ['labels'], toV2: userKeys },
  { v1: jobAnnotations, v2: ['annotations'], toV2: userKeys },
  annotation(jobAnnotations, 'client-name', ['client']),
  annotation(jobAnnotations, 'client-version', ['clientVersion']),
  annotation(jobAnnotations, 'launch-stage', ['launchStage']),
  annotation(jobAnnotations, 'binary-authorization', ['binaryAuthorization'], {
    toV2: (policy: string) => (policy === 'default' ? { useDefault: true } : { policy }),
    toV1: (value: { useDefault?: boolean; policy?: string }) => (value.useDefault ? 'default' : value.policy),
  }),
  annotation(jobAnnotations, 'binary-authorization-breakglass', ['binaryAuthorization', 'breakglassJustification']),
  { v1: ['spec', 'startExecutionToken'], v2: ['startExecutionToken'] },
  { v1: ['spec', 'runExecutionToken'], v2: ['runExecutionToken'] },
  { v1: [...executionMeta, 'labels'], v2: ['template', 'labels'], toV2: userKeys },
  { v1: [...executionMeta, 'annotations'], v2: ['template', 'annotations'], toV2: userKeys },
  annotation([...executionMeta, 'annotations'], 'client-name', ['template', 'client']),
  annotation([...executionMeta, 'annotations'], 'client-version', ['template', 'clientVersion']),
  ...['parallelism', 'taskCount', 'delayExecution'].map((field) => ({
    v1: [...executionSpec, field],
    v2: ['template', field],
  })),
  { v1: [...taskSpec, 'maxRetries'], v2: [...taskTemplate, 'maxRetries'] },
  {
    v1: [...taskSpec, 'timeoutSeconds'],
    v2: [...taskTemplate, 'timeout'],
    toV2: (seconds: string) => `${seconds}s`,
    toV1: (timeout: string) => String(durationSeconds(timeout)),
  },
  { v1: [...taskSpec, 'serviceAccountName'], v2: [...taskTemplate, 'serviceAccount'] },
  {
    v1: [...taskSpec, 'nodeSelector', 'run.googleapis.com/accelerator'],
    v2: [...taskTemplate, 'nodeSelector', 'accelerator'],
  },
  { v1: [...taskSpec, 'containers'], v2: [...taskTemplate, 'containers'], each: containerRules },
  { v1: [...taskSpec, 'volumes'], v2: [...taskTemplate, 'volumes'], each: volumeRules },
  ...taskAnnotations(),
];

function taskAnnotations(): Rule[] {
  const of = (name: string, v2: Path, rule?: Omit<Rule, 'v1' | 'v2'>): Rule =>
    annotation([...executionMeta, 'annotations'], name, [...taskTemplate, ...v2], rule);
  return [
    of('execution-environment', ['executionEnvironment'], {
      toV2: (value: string) => `EXECUTION_ENVIRONMENT_${value.toUpperCase()}`,
      toV1: (value: string) => value.slice('EXECUTION_ENVIRONMENT_'.length).toLowerCase(),
    }),
    of('encryption-key', ['encryptionKey']),
    of('vpc-access-connector', ['vpcAccess', 'connector']),
    of('vpc-access-egress', ['vpcAccess', 'egress'], {
      toV2: (value: string) => (value === 'private-ranges-only' ? 'PRIVATE_RANGES_ONLY' : 'ALL_TRAFFIC'),
      toV1: (value: string) => value.toLowerCase().replaceAll('_', '-'),
    }),
    of('network-interfaces', ['vpcAccess', 'networkInterfaces'], {
      toV2: (json: string) => {
        const interfaces = parseJson(json);
        if (!Array.isArray(interfaces) || !interfaces.every(isTree))
          throw new Unreadable('must be a JSON list of objects');
        return interfaces;
      },
      toV1: (value: unknown) => JSON.stringify(value),
    }),
    of('gpu-zonal-redundancy-disabled', ['gpuZonalRedundancyDisabled'], {
      toV2: (value: string) => value.toLowerCase() === 'true',
      toV1: (value: boolean) => (value ? 'True' : 'False'),
    }),
  ];
}

/** The labels or annotations that are the user's: the service's own namespaces are fields of the v2 API. */
function userKeys(entries: Record<string, string>): Record<string, string> | undefined {
  const own = Object.entries(entries).filter(
    ([name]) => !/^(run|cloud)\.googleapis\.com\/|^(serving|autoscaling)\.knative\.dev\//.test(name),
  );
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

/** A v1 job as the v2 API has it; the notes say where each part came from and what could not be read. */
export function jobFromV1(v1: JobV1): { job: JobInput; notes: Notes } {
  const notes = newNotes();
  const job = convert(jobRules, 'v1', v1, notes);
  const template = get(job, taskTemplate) as Tree;
  const path = [...executionMeta, 'annotations'];
  const annotations = (get(v1, path) ?? {}) as Record<string, string>;
  try {
    spreadDependencies(annotations, template);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    notes.unreadable.push({ path: [...path, dependencies], message: error.message });
  }
  addCloudSql(annotations, template);
  return { job: job as JobInput, notes };
}

const dependencies = 'run.googleapis.com/container-dependencies';
const cloudSql = 'run.googleapis.com/cloudsql-instances';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable('must be JSON');
  }
}

/** The annotation is a JSON object: container name -> names it depends on. */
function spreadDependencies(annotations: Record<string, string>, template: Tree): void {
  const text = annotations[dependencies];
  if (!text) return;
  const parsed = parseJson(text);
  if (!isTree(parsed)) throw new Unreadable('must be a JSON object: container -> [containers]');
  for (const [name, dependsOn] of Object.entries(parsed)) {
    const container = (template['containers'] as Container[]).find((c) => c.name === name);
    if (!container) throw new Unreadable(`names a container that does not exist: ${name}`);
    if (!Array.isArray(dependsOn)) throw new Unreadable('must be a JSON object: container -> [containers]');
    if (dependsOn.length > 0) container.dependsOn = dependsOn.map(String);
  }
}

/** v1 has an annotation where v2 has a volume called cloudsql, mounted at /cloudsql in every container. */
function addCloudSql(annotations: Record<string, string>, template: Tree): void {
  const instances = annotations[cloudSql];
  if (!instances) return;
  const volume = { name: 'cloudsql', cloudSqlInstance: { instances: joined.toV2(instances) } };
  template['volumes'] = [...((template['volumes'] as unknown[] | undefined) ?? []), volume];
  for (const container of template['containers'] as Container[]) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: 'cloudsql', mountPath: '/cloudsql' }];
  }
}

/**
 * A job as `gcloud run jobs describe --format=export` prints it: the user's part, in the v1 shape, which `replace`
 * reads back.
 */
export function jobToV1(job: Job, id: string, project: string): Tree {
  const v1: Tree = {
    apiVersion: 'run.googleapis.com/v1',
    kind: 'Job',
    metadata: { name: id, namespace: project },
  };
  const copy = structuredClone(job) as unknown as Tree;
  const dependsOn = takeDependencies(copy);
  const sql = takeCloudSql(copy);
  merge(v1, convert(jobRules, 'v2', copy));
  const annotations: Path = [...executionMeta, 'annotations'];
  if (dependsOn) put(v1, [...annotations, dependencies], JSON.stringify(dependsOn));
  if (sql) put(v1, [...annotations, cloudSql], joined.toV1(sql));
  return v1;
}

function takeDependencies(job: Tree): Record<string, string[]> | undefined {
  const containers = get(job, [...taskTemplate, 'containers']) as Container[];
  const found = containers.flatMap(({ name, dependsOn }) =>
    dependsOn?.length ? [[name ?? '', dependsOn] as const] : [],
  );
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function takeCloudSql(job: Tree): string[] | undefined {
  const template = get(job, taskTemplate) as TaskTemplate;
  const volume = template.volumes?.find(({ name }) => name === 'cloudsql');
  if (!volume?.cloudSqlInstance) return undefined;
  template.volumes = template.volumes?.filter((other) => other !== volume);
  if (template.volumes?.length === 0) delete template.volumes;
  for (const container of template.containers) {
    container.volumeMounts = container.volumeMounts?.filter(({ name }) => name !== 'cloudsql');
    if (!container.volumeMounts?.length) delete container.volumeMounts;
  }
  return volume.cloudSqlInstance.instances ?? [];
}

function merge(target: Tree, source: Tree): void {
  for (const [name, value] of Object.entries(source)) {
    const known = target[name];
    if (isTree(known) && isTree(value)) merge(known, value);
    else target[name] = value;
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
