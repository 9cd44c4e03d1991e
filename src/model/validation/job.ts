import { jobIdLike, jobIdViolation } from '../names.js';
import type { FieldPath } from '../field-path.js';
import { type JobInput, JobMessage } from '../schema/job.js';
import { validateContainers } from './containers.js';
import { checkFields } from './fields.js';
import { validateResources } from './resources.js';
import { collector, type Report, type Violation } from './violation.js';
import { validateVolumes } from './volumes.js';

/**
 * Every rule that a job breaks, including warnings. These are the rules that the Admin API v2 applies to a create or
 * update request, for a value whose types are right. Without an id, the id is not checked.
 */
export function validateJob(jobId: string | undefined, job: JobInput): Violation[] {
  const { report, violations } = collector();
  validateNames(jobId, job, report);
  checkFields(JobMessage, job, [], report);
  checkAnnotationSize(['annotations'], job.annotations, report);
  checkAnnotationSize(['template', 'annotations'], job.template.annotations, report);
  const { breakglassJustification, useDefault } = job.binaryAuthorization ?? {};
  if (breakglassJustification && !useDefault) {
    report(['binaryAuthorization', 'breakglassJustification'], 'breakglass', 'must be empty if use_default is false', {
      because: [['binaryAuthorization']],
    });
  }
  const path = ['template', 'template'];
  const task = job.template.template;
  validateContainers(path, task, report);
  validateResources(path, task, report);
  validateVolumes(path, task, report);
  validateVpcAccess([...path, 'vpcAccess'], task.vpcAccess, report);
  return violations;
}

function validateNames(jobId: string | undefined, job: JobInput, report: Report): void {
  const badId = jobId === undefined ? undefined : jobIdViolation(jobId);
  // The shortest id has one letter.
  const { length } = jobId ?? 'j';
  if (badId) {
    const like = jobIdLike(jobId ?? '');
    report(['name'], 'job-name', badId, { fix: like && `write ${like}` });
  }
  for (const field of ['startExecutionToken', 'runExecutionToken'] as const) {
    const token = job[field];
    if (!token) continue;
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(token)) {
      report(
        [field],
        'execution-token',
        'must have lower-case letters, digits and - only, and not begin or end with -',
      );
    } else if (length + token.length >= 63) {
      const sum = 'the job name and the execution token together must have fewer than 63 characters';
      report([field], 'execution-token', `${sum}, got ${length + token.length}`);
    }
  }
}

function checkAnnotationSize(path: FieldPath, annotations: Record<string, string> | undefined, report: Report): void {
  const size = Object.entries(annotations ?? {}).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  const max = 256 * 1024;
  if (size > max) report(path, 'annotation-size', `must have at most ${max} bytes in all, got ${size}`);
}

/**
 * The texts are those of live answers. The one about the mode also answers a request that had neither
 * (googleapis/google-cloud-node, issue 4731), so an egress alone is rejected. The page on Direct VPC egress asks for a
 * network, a subnetwork or both, so tags alone are rejected.
 */
function validateVpcAccess(
  path: FieldPath,
  vpcAccess: JobInput['template']['template']['vpcAccess'],
  report: Report,
): void {
  if (!vpcAccess) return;
  const { connector, networkInterfaces } = vpcAccess;
  if (Boolean(connector) === Boolean(networkInterfaces?.length)) {
    const text = 'one and only one of connector and network_interfaces must be set';
    report(path, 'vpc-mode', text, { because: [path] });
  }
  networkInterfaces?.forEach(({ network, subnetwork }, i) => {
    if (network || subnetwork) return;
    report(
      [...path, 'networkInterfaces', i],
      'vpc-network',
      'at least one of network or subnetwork should not be empty',
    );
  });
}
