import { formatPath, namesAlong } from '../field-path.js';
import { parts } from '../v1/write.js';
import type { JobSpec } from '../spec/read.js';
import { secretsOf } from '../v1/secret-aliases.js';
import { Draft } from './draft.js';

/** The job of a plan of Terraform. */
export function draftOfPlannedJob(spec: JobSpec, address: string): Draft {
  const draft = new Draft(spec.id ?? /google_cloud_run_v2_job\.([^.[]+)/.exec(address)?.[1]);
  const { 'goog-terraform-provisioned': provisioned, ...labels } = spec.job.labels ?? {};
  const { metadata, spec: v1 } = parts({ ...spec.job, labels });
  if (metadata) draft.put(['metadata'], metadata);
  draft.put(['spec'], v1);
  for (const { holder } of secretsOf(spec.job.template.template)) draft.useSecret(String(holder['secret']));
  if (provisioned) draft.leaveOut('the label goog-terraform-provisioned', 'it says that Terraform has made the job');
  for (const path of spec.unknown ?? []) {
    const { location, written } = spec.find(path);
    const what = formatPath(written, namesAlong(path, spec.job));
    draft.leaveOut(what, 'it is known only after terraform apply', `${location.file}:${location.line}`);
  }
  return draft;
}
