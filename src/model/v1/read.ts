import { withCloudSql } from '../cloud-sql.js';
import type { FieldPath } from '../field-path.js';
import type { Container } from '../schema/container.js';
import type { JobInput, OnlyV1, TaskTemplate } from '../schema/job.js';
import type { JobV1 } from './schema.js';
import type { Violation } from '../validation/violation.js';
import { checkSystemKeys, isKept, secretAliases } from './annotations.js';
import { convert, get, isTree, originOf, type Tree, Unreadable } from './convert.js';
import {
  csiAttributes,
  executionMeta,
  jobMeta,
  jobMappings,
  parseJson,
  splitList,
  taskSpec,
  taskTemplate,
} from './mapping.js';
import { readAliases, secretsOf, takeSecretNames } from './secret-aliases.js';

/** A v1 job converted to v2. */
export interface FromV1 {
  job: JobInput;
  /** Its problems as a v1 job, in v1's terms. */
  violations: Violation[];
  /** Where the v1 job has the value of a v2 path. */
  origin: (path: FieldPath) => FieldPath;
}

/** Advice in v2's terms, with its counterpart in v1's. */
export const adviceForV1 = (fix: string): string =>
  fix
    .replace(
      'gpuZonalRedundancyDisabled: true',
      "the annotation run.googleapis.com/gpu-zonal-redundancy-disabled: 'True'",
    )
    .replace('nodeSelector.accelerator', 'run.googleapis.com/accelerator in nodeSelector')
    .replace('secret, cloudSqlInstance, emptyDir, nfs or gcs', 'secret, emptyDir, nfs or csi');

export const systemAnnotation = (name: string): FieldPath => [
  ...executionMeta,
  'annotations',
  `run.googleapis.com/${name}`,
];
const dependencies = systemAnnotation('container-dependencies');
const cloudSql = systemAnnotation('cloudsql-instances');
const secrets = systemAnnotation('secrets');

export function jobFromV1(v1: JobV1): FromV1 {
  const violations = [...checkMeta(v1), ...checkSelectors(v1)];
  const unreadable = (path: FieldPath, { message, fix }: Unreadable): void => {
    violations.push({ path, rule: 'annotation-value', description: message, fix });
  };
  const job = convert(jobMappings, 'v1', v1, unreadable);
  const template = get(job, taskTemplate) as Tree;
  const guarded = (path: FieldPath, spread: (text: string, template: Tree) => void): void => {
    const text = get(v1, path);
    if (typeof text !== 'string' || text === '') return;
    try {
      spread(text, template);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unreadable(path, error);
    }
  };
  guarded(dependencies, spreadDependencies);
  guarded(cloudSql, addCloudSql);
  violations.push(...nameSecrets(v1, template, unreadable));
  const kept = onlyV1(v1, takeSecretNames(structuredClone(template) as unknown as TaskTemplate));
  if (kept) job['onlyV1'] = kept;
  return { job: job as unknown as JobInput, violations, origin: (path) => originInV1(v1, path) };
}

/**
 * The system labels and annotations that v2 has no field for; undefined if there are none. `aliases`: the secrets'
 * aliases.
 */
function onlyV1({ metadata, spec }: JobV1, aliases: string | undefined): OnlyV1 | undefined {
  const kept: OnlyV1 = {};
  for (const [part, kind, of] of [
    ['job', 'Job', metadata],
    ['execution', 'Execution', spec.template.metadata],
  ] as const) {
    for (const what of ['labels', 'annotations'] as const) {
      const entries = Object.entries(of?.[what] ?? {}).filter(
        ([key, value]) => isKept(key, what, kind) && !(key === secretAliases && value === aliases),
      );
      if (entries.length > 0) kept[part] = { ...kept[part], [what]: Object.fromEntries(entries) };
    }
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function checkMeta({ metadata, spec }: JobV1): Violation[] {
  const execution = spec.template.metadata;
  return [
    ...checkSystemKeys([...jobMeta, 'labels'], metadata.labels, 'label', 'Job'),
    ...checkSystemKeys([...jobMeta, 'annotations'], metadata.annotations, 'annotation', 'Job'),
    ...checkSystemKeys([...executionMeta, 'labels'], execution?.labels, 'label', 'Execution'),
    ...checkSystemKeys([...executionMeta, 'annotations'], execution?.annotations, 'annotation', 'Execution'),
  ];
}

/** Keys of open maps that have no effect. */
function checkSelectors({ spec }: JobV1): Violation[] {
  const { nodeSelector = {}, volumes = [] } = spec.template.spec.template.spec;
  const nothing = (path: FieldPath, description: string): Violation => ({
    path,
    rule: 'ignored',
    description,
    key: true,
  });
  return [
    ...Object.keys(nodeSelector)
      .filter((key) => key !== 'run.googleapis.com/accelerator')
      .map((key) =>
        nothing([...taskSpec, 'nodeSelector', key], 'has no effect: the only key is run.googleapis.com/accelerator'),
      ),
    ...volumes.flatMap(({ csi }, i) =>
      Object.keys(csi?.volumeAttributes ?? {})
        .filter((key) => csi && csiAttributes[csi.driver]?.includes(key) === false)
        .map((key) =>
          nothing(
            [...taskSpec, 'volumes', i, 'csi', 'volumeAttributes', key],
            `has no effect: the attributes are ${csiAttributes[csi?.driver ?? '']?.join(' and ') ?? ''}`,
          ),
        ),
    ),
  ];
}

/** The annotation is a JSON object that maps a container to the names it depends on. */
function spreadDependencies(text: string, template: Tree): void {
  const wrong = (): Unreadable =>
    new Unreadable('must be a JSON object: container -> [containers]', `e.g. '{"app":["proxy"]}'`);
  const parsed = parseJson(text);
  if (!isTree(parsed)) throw wrong();
  for (const [name, dependsOn] of Object.entries(parsed)) {
    if (!Array.isArray(dependsOn) || !dependsOn.every((other) => typeof other === 'string')) throw wrong();
    const container = (template['containers'] as Container[]).find((c) => (c.name ?? '') === name);
    if (container) {
      if (dependsOn.length > 0) container.dependsOn = dependsOn;
    } else throw new Unreadable(`names a container that does not exist: ${name}`);
  }
}

/** v1 has an annotation where v2 has a volume named cloudsql, mounted at /cloudsql in every container. */
function addCloudSql(text: string, template: Tree): void {
  Object.assign(template, withCloudSql(template as unknown as TaskTemplate, splitList(text)));
}

/**
 * Replaces the aliases of other projects' secrets with full names. An annotation defines the aliases:
 * `ALIAS:projects/PROJECT/secrets/SECRET,...`.
 */
function nameSecrets(v1: JobV1, template: Tree, unreadable: (path: FieldPath, error: Unreadable) => void): Violation[] {
  const text = get(v1, secrets);
  const { aliases, wrong } = readAliases(typeof text === 'string' ? text : '');
  for (const item of wrong) {
    const message = `must be a list of ALIAS:projects/PROJECT/secrets/SECRET, got ${JSON.stringify(item)}`;
    unreadable(secrets, new Unreadable(message));
  }
  const violations: Violation[] = [];
  for (const { holder, path } of secretsOf(template)) {
    const name = holder['secret'] as string | undefined;
    if (name?.includes('/')) {
      violations.push({
        path: originInV1(v1, [...taskTemplate, ...path]),
        rule: 'secret-name',
        description: 'v1 takes the name of a secret of the same project, or an alias',
        fix: `annotate spec.template with run.googleapis.com/secrets: 'ALIAS:${name}', and write ALIAS here`,
      });
    }
    const whole = name === undefined ? undefined : aliases.get(name);
    if (whole) holder['secret'] = whole;
  }
  return violations;
}

/** Where a v1 job has the value of a v2 path or, if it has none, where it would be. */
export function originInV1(v1: Pick<JobV1, 'spec'>, path: FieldPath): FieldPath {
  if (path[0] === 'name') return ['metadata', 'name'];
  const { containers, volumes = [] } = v1.spec.template.spec.template.spec;
  const [, , list, index, field, item] = path;
  if (typeof index === 'number') {
    if (list === 'containers' && field === 'dependsOn') return dependencies;
    // The volume from the annotation comes last.
    if (list === 'volumes' && index >= volumes.length) return cloudSql;
    const mounts = containers[index]?.volumeMounts?.length ?? 0;
    if (list === 'containers' && field === 'volumeMounts' && typeof item === 'number' && item >= mounts)
      return cloudSql;
  }
  return originOf(jobMappings, path, v1);
}
