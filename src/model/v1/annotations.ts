import { nearest } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Violation } from '../validation/violation.js';

/** The annotations, all of run.googleapis.com, that are fields in the v2 API: those of a job and of its executions. */
export const fieldAnnotations = {
  Job: ['launch-stage', 'binary-authorization', 'binary-authorization-breakglass', 'client-name', 'client-version'],
  Execution: [
    'execution-environment',
    'encryption-key',
    'vpc-access-connector',
    'vpc-access-egress',
    'network-interfaces',
    'cloudsql-instances',
    'secrets',
    'container-dependencies',
    'gpu-zonal-redundancy-disabled',
    'client-name',
    'client-version',
  ],
} as const;

/** Written by the service and part of an exported job: accepted and dropped. */
const serverWritten = new Set([
  ...['creator', 'lastModifier', 'creatorEmail', 'lastModifierEmail', 'operation-id'].map(run),
  'serving.knative.dev/creator',
  'serving.knative.dev/lastModifier',
  'cloud.googleapis.com/location',
  ...['lastUpdatedTime', 'job', 'jobUid', 'jobGeneration', 'jobResourceVersion', 'satisfiesPzs'].map(run),
]);

/** Annotations that act in Cloud Run and have no field in v2. */
export const withoutField: ReadonlySet<string> = new Set(['threat-detection', 'ssh-enabled'].map(run));

/** Annotations of other kinds of resources. */
const otherKinds: Record<string, string> = {
  [run('cpu-throttling')]: 'Revision',
  [run('startup-cpu-boost')]: 'Revision',
  [run('sessionAffinity')]: 'Revision',
  [run('health-check-disabled')]: 'Revision',
  'autoscaling.knative.dev/minScale': 'Revision',
  'autoscaling.knative.dev/maxScale': 'Revision',
  [run('ingress')]: 'Service',
  [run('minScale')]: 'Service',
  [run('maxScale')]: 'Service',
  [run('custom-audiences')]: 'Service',
  [run('default-url-disabled')]: 'Service',
  [run('invoker-iam-disabled')]: 'Service',
};

function run(name: string): string {
  return `run.googleapis.com/${name}`;
}

/** Whether a label or annotation is in a namespace reserved for the service; v2 has fields instead. */
export const isSystemKey = (key: string): boolean =>
  /^(?:run|cloud)\.googleapis\.com\/|^(?:serving|autoscaling)\.knative\.dev\//.test(key);

const prefixOf = (key: string): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : '');
const nameOf = (key: string): string => key.slice(key.indexOf('/') + 1);

/** The key with the closest name. The prefix, which all of them share, does not count. */
function nearestOf(key: string, known: readonly string[]): string | undefined {
  const name = nearest(nameOf(key), known.map(nameOf));
  return known.find((candidate) => name !== undefined && nameOf(candidate) === name);
}

/** Whether a system label or annotation is stored unchanged, because v2 has no field for it. */
export const isKept = (key: string, what: 'labels' | 'annotations', kind: 'Job' | 'Execution'): boolean =>
  isSystemKey(key) &&
  !serverWritten.has(key) &&
  (key === secretAliases || what === 'labels' || !fieldAnnotations[kind].some((name) => run(name) === key));

/** Defines aliases for secrets of other projects. A job has their full names; the aliases are stored separately. */
export const secretAliases = run('secrets');

/** Problems with system keys among labels or annotations. */
export function checkSystemKeys(
  at: FieldPath,
  entries: Readonly<Record<string, string>> | undefined,
  what: 'label' | 'annotation',
  kind: 'Job' | 'Execution',
): Violation[] {
  const mine = what === 'label' ? [] : fieldAnnotations[kind].map(run);
  const others = what === 'label' ? [] : fieldAnnotations[kind === 'Job' ? 'Execution' : 'Job'].map(run);
  return Object.keys(entries ?? {}).flatMap((key): Violation[] => {
    const meant = what === 'annotation' && !isSystemKey(key) ? nearestOf(key, mine) : undefined;
    if (meant !== undefined && nearest(prefixOf(key), ['run.googleapis.com']) && nameOf(meant) === nameOf(key)) {
      const description = 'is a custom annotation without meaning for Cloud Run';
      return [
        { path: [...at, key], key: true, rule: 'annotation-unknown', description, fix: `did you mean ${meant}?` },
      ];
    }
    if (!isSystemKey(key) || mine.includes(key) || serverWritten.has(key)) return [];
    const path = [...at, key];
    if (withoutField.has(key)) {
      return [{ path, key: true, rule: 'ignored', description: 'is ignored locally' }];
    }
    const right = others.includes(key) ? (kind === 'Job' ? 'Execution' : 'Job') : otherKinds[key];
    if (what === 'label' || right === undefined) {
      const near = nearestOf(key, mine);
      const description = `is not a known ${what} of a ${kind === 'Job' ? 'job' : "job's executions"}`;
      return [{ path, key: true, rule: 'annotation-unknown', description, fix: near && `did you mean ${near}?` }];
    }
    const where = right === 'Execution' ? 'spec.template.metadata.annotations' : 'metadata.annotations';
    return [
      {
        path,
        key: true,
        rule: 'annotation-kind',
        description: `Annotation '${key}' is not supported on resources of kind '${kind}'. Supported kinds are: ${right}`,
        fix: others.includes(key) ? `move it to ${where}` : 'remove it: it is for services',
      },
    ];
  });
}
