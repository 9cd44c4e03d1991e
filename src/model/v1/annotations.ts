import { nearest } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Violation } from '../validation/violation.js';

/** The annotations of a job and of its executions that stand for fields of the v2 API, all of run.googleapis.com. */
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

/** What the service writes, and what comes back with an exported job: accepted and dropped. */
const serverWritten = new Set([
  ...['creator', 'lastModifier', 'creatorEmail', 'lastModifierEmail', 'operation-id'].map(run),
  'serving.knative.dev/creator',
  'serving.knative.dev/lastModifier',
  'cloud.googleapis.com/location',
  ...['lastUpdatedTime', 'job', 'jobUid', 'jobGeneration', 'jobResourceVersion', 'satisfiesPzs'].map(run),
]);

/** Annotations that act in Cloud Run and that v2 has no field for. */
const withoutField = new Set(['threat-detection', 'ssh-enabled'].map(run));

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

/** Whether a label or annotation is of the namespaces that the service keeps for itself; v2 has fields for them. */
export const isSystemKey = (key: string): boolean =>
  /^(?:run|cloud)\.googleapis\.com\/|^(?:serving|autoscaling)\.knative\.dev\//.test(key);

const prefixOf = (key: string): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : '');
const nameOf = (key: string): string => key.slice(key.indexOf('/') + 1);

/** The key whose name is nearest; that all have one prefix makes none nearer. */
function nearestOf(key: string, known: readonly string[]): string | undefined {
  const name = nearest(nameOf(key), known.map(nameOf));
  return known.find((candidate) => name !== undefined && nameOf(candidate) === name);
}

/** Whether a label or annotation of the system's is kept as it is, since v2 has no field that says the same. */
export const isKept = (key: string, what: 'labels' | 'annotations', kind: 'Job' | 'Execution'): boolean =>
  isSystemKey(key) &&
  !serverWritten.has(key) &&
  (key === secretAliases || what === 'labels' || !fieldAnnotations[kind].some((name) => run(name) === key));

/** Names secrets of other projects. A job has their full names; what they were called is kept beside them. */
export const secretAliases = run('secrets');

/** What is to be said of the system's own keys among labels or annotations. */
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
      const description = 'is an annotation of your own, without a meaning for Cloud Run';
      return [
        { path: [...at, key], key: true, rule: 'annotation-unknown', description, fix: `did you mean ${meant}?` },
      ];
    }
    if (!isSystemKey(key) || mine.includes(key) || serverWritten.has(key)) return [];
    const path = [...at, key];
    if (withoutField.has(key)) {
      return [{ path, key: true, rule: 'ignored', description: 'acts in Cloud Run and does nothing here' }];
    }
    const right = others.includes(key) ? (kind === 'Job' ? 'Execution' : 'Job') : otherKinds[key];
    if (what === 'label' || right === undefined) {
      const near = nearestOf(key, mine);
      const description = `is no ${what} that is known for a ${kind === 'Job' ? 'job' : "job's executions"}`;
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
