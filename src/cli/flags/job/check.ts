import type { Io } from '../../io.js';
import type { JobEdit } from './edit.js';
import { defaultAccelerator } from '../../../model/defaults.js';
import { type Problem, StatusError } from '../../../model/errors.js';
import { formatPath, type FieldPath } from '../../../model/field-path.js';
import type { JobInput } from '../../../model/schema/job.js';
import { validateJob } from '../../../model/validation/job.js';
import { isError } from '../../../model/validation/bad-request.js';

/** The flag that sets a field, by the field's name. */
const flagOf: Readonly<Record<string, string>> = {
  name: 'JOB',
  labels: '--labels',
  binaryAuthorization: '--binary-authorization',
  breakglassJustification: '--breakglass',
  taskCount: '--tasks',
  parallelism: '--parallelism',
  maxRetries: '--max-retries',
  timeout: '--task-timeout',
  serviceAccount: '--service-account',
  executionEnvironment: '--execution-environment',
  encryptionKey: '--key',
  vpcAccess: '--vpc-connector',
  egress: '--vpc-egress',
  networkInterfaces: '--network',
  nodeSelector: '--gpu-type',
  gpuZonalRedundancyDisabled: '--gpu-zonal-redundancy',
  volumes: '--add-volume',
  image: '--image',
  command: '--command',
  args: '--args',
  workingDir: '--workdir',
  env: '--set-env-vars',
  valueSource: '--set-secrets',
  memory: '--memory',
  cpu: '--cpu',
  'nvidia.com/gpu': '--gpu',
  volumeMounts: '--add-volume-mount',
  dependsOn: '--depends-on',
  startupProbe: '--startup-probe',
};

/** A field in terms of flags; of several containers the one that is meant is named. */
function inFlags(path: FieldPath, job: JobInput): string {
  const { containers } = job.template.template;
  const [, , list, index] = path;
  // The name of a job is a path of its own; other names are of what a flag has set.
  const flag = path.findLast((step, i) => Object.hasOwn(flagOf, step) && !(step === 'name' && i > 0));
  const shown = (flag !== undefined && flagOf[flag]) || formatPath(path);
  if (list !== 'containers' || typeof index !== 'number' || containers.length < 2) return shown;
  return `--container ${containers[index]?.name ?? ''} ${shown}`;
}

/** Refuses a job that flags have made wrong, in terms of those flags. @throws StatusError INVALID_ARGUMENT */
export function checkJobFlags(id: string, job: JobInput): void {
  const problems = validateJob(id, job)
    .filter(isError)
    .map(({ path, rule, description, fix }): Problem => ({
      path: inFlags(path, job),
      rule,
      message: description,
      fix,
      severity: 'error',
    }));
  if (problems.length > 0) throw new StatusError('INVALID_ARGUMENT', `Job [${id}] cannot be like that:`, { problems });
}

/** What gcloud says where a new job, or one that has had no GPU, is to have one. */
export function tellGpuType(edit: JobEdit, current: JobInput | undefined, { err }: Pick<Io, 'err'>): void {
  if (!edit.groups.some(({ flags }) => flags.gpu) || edit.flags.gpuType) return;
  if (current?.template.template.nodeSelector?.accelerator) return;
  err.write(`No GPU type is provided, defaulting to ${defaultAccelerator}. To specify the GPU type use --gpu-type.\n`);
}

/** A job that is written anew: that somebody passed over the policy for its image counted once. */
export function withoutBreakglass(job: JobInput): JobInput {
  const { breakglassJustification: _, ...policy } = job.binaryAuthorization ?? {};
  return { ...job, binaryAuthorization: Object.keys(policy).length > 0 ? policy : undefined };
}
