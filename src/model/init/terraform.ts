import { type FieldPath, formatPath, namesAlong } from '../field-path.js';
import type { JobInput } from '../schema/job.js';
import type { JobSpec } from '../spec/read.js';
import { get, type Tree } from '../v1/convert.js';
import { secretsOf } from '../v1/secret-aliases.js';
import { parts } from '../v1/write.js';
import { Draft, isSecret, secretNameLike, taskSpec } from './draft.js';

/** The job of a plan of Terraform. */
export function draftOfPlannedJob(spec: JobSpec, address: string): Draft {
  const draft = new Draft(spec.id ?? /google_cloud_run_v2_job\.([^.[]+)/.exec(address)?.[1]);
  const place = (path: FieldPath): string => {
    const { file, line } = spec.find(path).location;
    return `${file}:${line}`;
  };
  const named = (path: FieldPath): string => formatPath(spec.find(path).written, namesAlong(path, spec.job));
  const { job, left } = withoutSecrets(spec, (container, variable, path) => {
    const comment = `${place(path)}; its value is not copied, since it belongs in a secret`;
    draft.comment([...taskSpec, 'containers', container, 'env', variable], comment);
  });
  const { 'goog-terraform-provisioned': provisioned, ...labels } = job.labels ?? {};
  const { metadata, spec: v1 } = parts({ ...job, labels });
  if (metadata) draft.put(['metadata'], metadata);
  draft.put(['spec'], v1);
  for (const { holder } of secretsOf(job.template.template)) draft.useSecret(String(holder['secret']));
  if (provisioned) draft.leaveOut('the label goog-terraform-provisioned', 'it says that Terraform has made the job');
  for (const path of spec.unknown ?? []) {
    draft.leaveOut(named(path), 'it is known only after terraform apply', place(path));
  }
  for (const path of left) draft.leaveOut(named(path), 'Terraform marks its value as sensitive', place(path));
  return draft;
}

/**
 * The job with secrets in place of the values of variables that are secret, and without other sensitive fields.
 * @param moved is told of each of these variables
 */
function withoutSecrets(
  { job: whole, sensitive = [] }: JobSpec,
  moved: (container: number, variable: number, path: FieldPath) => void,
): { job: JobInput; left: FieldPath[] } {
  const job = structuredClone(whole);
  const isSensitive = (path: FieldPath): boolean => sensitive.some((at) => at.every((step, i) => step === path[i]));
  const containersAt = ['template', 'template', 'containers'];
  for (const [i, { env = [] }] of job.template.template.containers.entries()) {
    for (const [j, variable] of env.entries()) {
      const at = [...containersAt, i, 'env', j];
      const { name, value } = variable;
      if (!value || !(isSensitive([...at, 'value']) || isSecret(name, value))) continue;
      env[j] = { name, valueSource: { secretKeyRef: { secret: secretNameLike(name), version: 'latest' } } };
      moved(i, j, at);
    }
  }
  const others = sensitive.filter((path) => path[4] !== 'env');
  const left = others.flatMap((path) => {
    // Without one of its items, a list would say something else.
    const field = typeof path.at(-1) === 'number' ? path.slice(0, -1) : path;
    const holder = get(job, field.slice(0, -1)) as Tree | undefined;
    const last = field.at(-1) ?? '';
    if (holder?.[last] === undefined) return [];
    delete holder[last];
    return [field];
  });
  return { job, left };
}
