import { validateContainers } from './containers.js';
import { jobIdViolation } from '../names.js';
import type { Path } from '../path.js';
import type { JobInput, TaskTemplate } from '../schema/job.js';
import { durationSeconds } from '../time.js';

/** A rule that a resource breaks. `description` is the API's wording; `fix` is ours. */
export interface Violation {
  path: Path;
  description: string;
  fix?: string | undefined;
}

export type Report = (path: Path, description: string, fix?: string) => void;

/** The longest task timeout, in seconds: 168 hours (task timeout page). */
const maxTimeout = 168 * 3600;

/**
 * Every rule that a job breaks, in the order of the fields. The rules are those that the Admin API v2 applies to a
 * create or update request, for a value that has the right types already.
 */
export function validateJob(jobId: string, job: JobInput): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (path, description, fix) => violations.push({ path, description, ...(fix && { fix }) });

  const badId = jobIdViolation(jobId);
  if (badId) report(['name'], badId);
  checkMetadata(['labels'], job.labels, 'label', report);
  checkMetadata(['annotations'], job.annotations, 'annotation', report);
  if (job.launchStage && !['LAUNCH_STAGE_UNSPECIFIED', 'ALPHA', 'BETA', 'GA'].includes(job.launchStage)) {
    report(['launchStage'], 'only ALPHA, BETA, GA, or unspecified are supported');
  }
  const { template } = job;
  checkMetadata(['template', 'labels'], template.labels, 'label', report);
  checkMetadata(['template', 'annotations'], template.annotations, 'annotation', report);
  if ((template.parallelism ?? 0) < 0) report(['template', 'parallelism'], 'must not be negative');
  if (!within(template.taskCount, 0, 10000)) {
    report(['template', 'taskCount'], 'must be a number between 0 and 10000');
  }
  validateTaskTemplate(['template', 'template'], template.template, report);
  return violations;
}

function validateTaskTemplate(path: Path, template: TaskTemplate, report: Report): void {
  validateContainers(path, template, report);
  if (!within(template.maxRetries, 0, 10)) {
    report([...path, 'maxRetries'], 'must be a number between 0 and 10');
  }
  const seconds = template.timeout === undefined ? undefined : durationSeconds(template.timeout);
  if (!within(seconds, 1, maxTimeout)) {
    report([...path, 'timeout'], 'must be between 1s and 604800s (168 hours)');
  }
  if (template.serviceAccount && !/^[a-z0-9][-a-z0-9.]*(@[-a-z0-9.]+)?$/i.test(template.serviceAccount)) {
    report([...path, 'serviceAccount'], 'Unsupported service account', 'give its e-mail address');
  }
  if (template.executionEnvironment === 'EXECUTION_ENVIRONMENT_GEN1') {
    report(
      [...path, 'executionEnvironment'],
      "Annotation 'run.googleapis.com/execution-environment' with value 'gen1' is not supported on resources of kind Execution.",
      'leave it out: jobs always run in the second generation',
    );
  }
}

const within = (value: number | undefined, min: number, max: number): boolean =>
  value === undefined || (value >= min && value <= max);

const reservedPrefixes = [
  'run.googleapis.com/',
  'cloud.googleapis.com/',
  'serving.knative.dev/',
  'autoscaling.knative.dev/',
];

/** Labels follow Google Cloud's rules for labels, annotations those of Kubernetes; both keep system namespaces out. */
function checkMetadata(
  path: Path,
  entries: Record<string, string> | undefined,
  kind: 'label' | 'annotation',
  report: Report,
): void {
  const keys = Object.keys(entries ?? {});
  if (kind === 'label' && keys.length > 64) report(path, `at most 64 labels are allowed, got ${keys.length}`);
  for (const key of keys) {
    const at = [...path, key];
    if (reservedPrefixes.some((prefix) => key.startsWith(prefix))) {
      report(at, `system ${kind}s are not supported`, `remove ${key}`);
    } else if (kind === 'label' && !key.startsWith('client.knative.dev/')) {
      if (!/^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key)) {
        report(
          at,
          'a label key has 1 to 63 characters, lower-case letters, digits, _ and -, and begins with a lower-case letter',
        );
      }
      if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(entries?.[key] ?? '')) {
        report(at, 'a label value has at most 63 characters: lower-case letters, digits, _ and -');
      }
    }
  }
}
