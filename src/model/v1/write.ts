import { cloudSqlApart } from '../cloud-sql.js';
import { parseName, shortName } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Condition } from '../schema/condition.js';
import type { Container } from '../schema/container.js';
import type { Execution, Job, JobInput, Task } from '../schema/job.js';
import type { TaskState } from '../task.js';
import { epochMs, type Timestamp } from '../time.js';
import { secretAliases } from './annotations.js';
import { convert, put, type Tree } from './convert.js';
import { systemAnnotation } from './read.js';
import { executionMeta, jobMeta, jobMappings } from './mapping.js';
import { takeSecretNames } from './secret-aliases.js';

/** A job, an execution or a task in the v1 API. */
export interface ResourceV1 {
  apiVersion: 'run.googleapis.com/v1';
  kind: 'Job' | 'Execution' | 'Task';
  metadata: Tree & { labels: Record<string, string>; annotations: Record<string, string> };
  spec: Tree;
  status: Tree;
}

/** The parts of a converted job that are used here. */
export interface JobParts {
  metadata?: Meta;
  spec: { template: { metadata?: Meta; spec: Tree & { template: { spec: Tree } } } };
}
interface Meta {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export function jobToV1(job: Job): ResourceV1 {
  const { metadata, spec } = parts(job);
  const latest = job.latestCreatedExecution;
  return {
    ...resource('Job', job, metadata, {}, job.lastModifier),
    spec,
    status: present({
      conditions: conditionsV1([...(job.terminalCondition ? [job.terminalCondition] : []), ...(job.conditions ?? [])]),
      executionCount: job.executionCount,
      latestCreatedExecution:
        latest &&
        present({
          name: latest.name,
          creationTimestamp: latest.createTime,
          completionTimestamp: latest.completionTime,
          deletionTimestamp: latest.deleteTime,
          completionStatus: latest.completionStatus,
        }),
      observedGeneration: job.observedGeneration === undefined ? undefined : Number(job.observedGeneration),
    }),
  };
}

export function executionToV1(execution: Execution): ResourceV1 {
  const { labels, annotations, parallelism, taskCount, template, client, clientVersion, jobVersion } = execution;
  const { spec } = parts({
    template: { labels, annotations, parallelism, taskCount, template, client, clientVersion },
  });
  const own = {
    job: execution.job,
    jobUid: jobVersion?.uid,
    jobGeneration: jobVersion?.generation,
    jobResourceVersion: jobVersion && microseconds(jobVersion.updateTime),
  };
  const written = resource('Execution', execution, spec.template.metadata, own, execution.creator);
  return {
    ...written,
    // The version and the flags that Cloud Run shows.
    metadata: {
      ...written.metadata,
      ...(jobVersion && {
        ownerReferences: [
          {
            apiVersion: 'serving.knative.dev/v1',
            blockOwnerDeletion: true,
            controller: true,
            kind: 'Job',
            name: execution.job,
            uid: jobVersion.uid,
          },
        ],
      }),
    },
    spec: spec.template.spec,
    status: present({
      ...pick(execution, ['startTime', 'completionTime', 'logUri']),
      ...pick(execution, ['runningCount', 'succeededCount', 'failedCount', 'cancelledCount', 'retriedCount']),
      conditions: conditionsV1(execution.conditions),
      observedGeneration: execution.observedGeneration === undefined ? undefined : Number(execution.observedGeneration),
    }),
  };
}

/** @param state the state, which v1 has in a label and v2 does not show */
export function taskToV1(task: Task, state: TaskState): ResourceV1 {
  const { labels, annotations, job = '', execution = '' } = task;
  const { spec } = parts({ template: { labels, annotations, template: task } });
  const runningState = state === 'Scheduled' ? 'Pending' : state;
  return {
    ...resource('Task', task, spec.template.metadata, { job, execution, runningState }),
    spec: spec.template.spec.template.spec,
    status: present({
      ...pick(task, ['startTime', 'completionTime', 'logUri', 'index', 'retried', 'lastAttemptResult']),
      conditions: conditionsV1(task.conditions),
      observedGeneration: task.observedGeneration === undefined ? undefined : Number(task.observedGeneration),
    }),
  };
}

/**
 * A resource as `gcloud run jobs describe --format=export` prints it, for `replace` to read back: without the fields
 * that record when and by whom it was written. (Observed: gcloud 528 and 578.)
 */
export function exported({ status: _status, ...v1 }: ResourceV1): Omit<ResourceV1, 'status'> {
  const {
    creationTimestamp: _1,
    generation: _2,
    resourceVersion: _3,
    selfLink: _4,
    uid: _5,
    ...metadata
  } = v1.metadata;
  const dropped =
    /^serving\.knative\.dev\/(?:creator|lastModifier)$|^run\.googleapis\.com\/(?:creatorEmail|lastModifierEmail|operation-id)$/;
  const annotations = Object.entries(v1.metadata.annotations).filter(([key]) => !dropped.test(key));
  return { ...v1, metadata: { ...(metadata as ResourceV1['metadata']), annotations: Object.fromEntries(annotations) } };
}

/** A time in microseconds since 1970. */
const microseconds = (time: Timestamp): string => `${Math.floor(epochMs(time) / 1000)}${time.slice(20, 26)}`;

/** The parts of a job that v1 has no field for, which an export therefore leaves out. */
export const notInV1 = ({ template }: Job): FieldPath[] =>
  template.template.containers.flatMap(({ sourceCode, baseImageUri, resources = {} }, i) => {
    const at = ['template', 'template', 'containers', i];
    return [
      ...(sourceCode ? [[...at, 'sourceCode']] : []),
      ...(baseImageUri ? [[...at, 'baseImageUri']] : []),
      ...(resources.startupCpuBoost ? [[...at, 'resources', 'startupCpuBoost']] : []),
    ];
  });

/** The metadata that all resources share. */
type Written = { name: string } & Partial<
  Pick<Task, 'uid' | 'generation' | 'createTime' | 'updateTime' | 'deleteTime' | 'etag'> & Pick<Execution, 'creator'>
>;

/** The parts that all resources write alike, including their system labels and annotations. */
function resource(
  kind: ResourceV1['kind'],
  of: Written,
  meta: Meta | undefined,
  own: Readonly<Record<string, string | undefined>>,
  lastModifier?: string,
): Pick<ResourceV1, 'apiVersion' | 'kind' | 'metadata'> {
  const { project, location } = parseName(of.name);
  const name = shortName(of.name);
  return {
    apiVersion: 'run.googleapis.com/v1',
    kind,
    metadata: {
      ...present({
        name,
        namespace: project,
        uid: of.uid,
        generation: of.generation === undefined ? undefined : Number(of.generation),
        creationTimestamp: of.createTime,
        deletionTimestamp: of.deleteTime,
        resourceVersion: of.etag,
        selfLink: `/apis/run.googleapis.com/v1/namespaces/${project}/${kind.toLowerCase()}s/${name}`,
      }),
      labels: {
        ...meta?.labels,
        ...system({ ...own, ...(kind === 'Job' ? { lastUpdatedTime: of.updateTime } : {}) }),
        'cloud.googleapis.com/location': location,
      },
      annotations: { ...meta?.annotations, ...system({ creator: of.creator, lastModifier }) },
    },
  };
}

function system(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[`run.googleapis.com/${name}`, value]],
    ),
  );
}

/** A job by the mappings, and the annotations that combine several fields, which no mapping can express. */
export function parts(job: JobInput): JobParts {
  // The stored job itself must not change.
  const copy = structuredClone(job);
  // gcloud writes no launch stage for generally available features.
  if (copy.launchStage === 'GA' || copy.launchStage === 'LAUNCH_STAGE_UNSPECIFIED') delete copy.launchStage;
  // Any other Cloud SQL volume stays a volume, which v1 can express as well.
  const apart = cloudSqlApart(copy.template.template, { exact: true });
  if (apart) copy.template.template = apart.task;
  const { template } = copy.template;
  const sums = {
    secrets: takeSecretNames(template, copy.onlyV1?.execution?.annotations?.[secretAliases]),
    'container-dependencies': takeDependencies(template.containers),
    'cloudsql-instances': apart?.instances.join(','),
  };
  const v1 = convert(jobMappings, 'v2', copy);
  for (const [at, kept] of [
    [jobMeta, copy.onlyV1?.job],
    [executionMeta, copy.onlyV1?.execution],
  ] as const) {
    for (const [what, entries] of Object.entries(kept ?? {})) {
      for (const [key, value] of Object.entries(entries as Record<string, string>)) {
        if (key !== secretAliases) put(v1, [...at, what, key], value);
      }
    }
  }
  for (const [name, value] of Object.entries(sums)) if (value !== undefined) put(v1, systemAnnotation(name), value);
  return v1 as unknown as JobParts;
}

function takeDependencies(containers: readonly Container[]): string | undefined {
  const found = containers.flatMap(({ name, dependsOn }) =>
    dependsOn?.length ? [[name ?? '', dependsOn] as const] : [],
  );
  return found.length > 0 ? JSON.stringify(Object.fromEntries(found)) : undefined;
}

const statuses: Partial<Record<NonNullable<Condition['state']>, string>> = {
  CONDITION_SUCCEEDED: 'True',
  CONDITION_FAILED: 'False',
};

/** Reasons and severities are in PascalCase in v1: `NonZeroExitCode`. */
const pascalCase = (name: string): string =>
  name.toLowerCase().replaceAll(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase());

function conditionsV1(conditions: readonly Condition[] = []): Tree[] {
  return conditions.map(({ type, state, message, lastTransitionTime, severity, ...reasons }) => {
    const reason = reasons.reason ?? reasons.executionReason ?? reasons.revisionReason;
    return present({
      type,
      status: (state && statuses[state]) ?? 'Unknown',
      reason: reason && pascalCase(reason),
      message,
      severity: severity && pascalCase(severity),
      lastTransitionTime,
    });
  });
}

const present = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));

const pick = <T extends object, K extends keyof T & string>(from: T, names: readonly K[]): Tree =>
  Object.fromEntries(names.map((name) => [name, from[name]]));
