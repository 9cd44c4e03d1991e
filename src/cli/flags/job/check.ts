import type { Io } from '../../io.js';
import type { JobEdit } from './edit.js';
import { defaultAccelerator } from '../../../model/defaults.js';
import { type Problem, StatusError } from '../../../model/errors.js';
import { formatPath, type FieldPath } from '../../../model/field-path.js';
import type { JobInput } from '../../../model/schema/job.js';
import { validateJob } from '../../../model/validation/job.js';
import { isError } from '../../../model/validation/bad-request.js';

/** The flag for each field, by the field's name. */
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

/** A field as its flag, with the container if there are several. */
function inFlags(path: FieldPath, job: JobInput): string {
  const { containers } = job.template.template;
  const [, , list, index] = path;
  // A path that is only `name` is the name of the job; other names are inside the value of a flag.
  const flag = path.findLast((step, i) => Object.hasOwn(flagOf, step) && !(step === 'name' && i > 0));
  const shown = (flag !== undefined && flagOf[flag]) || formatPath(path);
  if (list !== 'containers' || typeof index !== 'number' || containers.length < 2) return shown;
  return `--container ${containers[index]?.name ?? ''} ${shown}`;
}

/** Refuses a job that flags have made invalid, and names those flags. @throws StatusError INVALID_ARGUMENT */
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
  if (problems.length > 0) throw new StatusError('INVALID_ARGUMENT', `Job [${id}] is invalid:`, { problems });
}

/** Prints gcloud's message for a job that gets its first GPU without a type. */
export function reportGpuType(edit: JobEdit, current: JobInput | undefined, { err }: Pick<Io, 'err'>): void {
  if (!edit.groups.some(({ flags }) => flags.gpu) || edit.flags.gpuType) return;
  if (current?.template.template.nodeSelector?.accelerator) return;
  err.write(`No GPU type is provided, defaulting to ${defaultAccelerator}. To specify the GPU type use --gpu-type.\n`);
}

/** A job about to be written again: a justification to bypass the policy for images applies to one write only. */
export function withoutBreakglass(job: JobInput): JobInput {
  const { breakglassJustification: _, ...policy } = job.binaryAuthorization ?? {};
  return { ...job, binaryAuthorization: Object.keys(policy).length > 0 ? policy : undefined };
}
