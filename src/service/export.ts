import { attemptSpec } from '../engine/attempt-spec.js';
import { resolveResources } from '../local/resolve-resources.js';
import { withDefaults } from '../model/defaults.js';
import { createdExecution } from '../model/execution.js';
import { fieldsWithEffect } from '../model/field-effects.js';
import { formatPath } from '../model/field-path.js';
import { createdJob } from '../model/job.js';
import type { LocalSettings } from '../model/local/settings.js';
import { bucketOptions } from '../model/local/volume-options.js';
import { executionName, parseName, shortName } from '../model/names.js';
import { ownProperty } from '../model/own-property.js';
import type { JobInput } from '../model/schema/job.js';
import { durationSeconds } from '../model/time.js';
import { validateJob } from '../model/validation/job.js';
import type { IndexedJob, JobPlan } from '../runtime/kubernetes/indexed-job.js';
import type { AttemptSpec } from '../runtime/port.js';
import { type Call, refuse, timeOf } from './service.js';

/** Something that a job asks for and that the other system lacks, and what to do instead. */
export interface Omission {
  path: string;
  instead: string | undefined;
}

/** Makes what runs the attempts of an execution in another system. */
export type Build = (attempt: AttemptSpec, plan: JobPlan, settings: LocalSettings) => IndexedJob;

/**
 * A job for Kubernetes alone, with what localrun.yaml maps to objects of a cluster. Stores nothing.
 * @throws StatusError INVALID_ARGUMENT
 */
export function exportJob(
  call: Pick<Call, 'account' | 'projectNumber' | 'settings' | 'env' | 'now'>,
  { name, job: input }: { name: string; job: JobInput },
  build: Build,
): IndexedJob & { omitted: Omission[] } {
  refuse('UpdateJobRequest.job', validateJob(shortName(name), input));
  const { account, projectNumber, settings, env } = call;
  const { project } = parseName(name);
  const job = createdJob(withDefaults(input, projectNumber), name, '', { account, now: timeOf(call) });
  const { taskCount = 1, template: task } = job.template;
  const identity = { name: executionName(name, shortName(name)), uid: '', account, logUri: '' };
  const execution = createdExecution(job, { taskCount, task }, identity, timeOf(call));
  const { secrets } = resolveResources(task, settings, { project, projectNumber, env }).settings;
  const plan: JobPlan = {
    ...{ job: execution.job, project, taskCount, parallelism: execution.parallelism ?? taskCount },
    maxRetries: task.maxRetries ?? 0,
    timeoutSeconds: durationSeconds(task.timeout ?? '') ?? 0,
  };
  return {
    ...build(attemptSpec(execution, { task: 0, attempt: 0 }, {}), plan, { ...settings, secrets }),
    omitted: omissions(input, settings),
  };
}

const instead: Readonly<Record<string, string>> = {
  vpcAccess: 'the network of the cluster applies',
  nodeSelector: 'name the nodes with runtime.nodeSelector in localrun.yaml',
  binaryAuthorization: 'an admission controller of the cluster decides about images',
};

/** The account of a job that names none. */
const defaultAccount = /-compute@developer\.gserviceaccount\.com$/;

function omissions(job: JobInput, { runtime, credentials, nfs }: LocalSettings): Omission[] {
  const { serviceAccount, volumes = [] } = job.template.template;
  const root = ['template', 'template'];
  const omitted: Omission[] = fieldsWithEffect(job, ['ignoredLocally']).map((path) => ({
    path: formatPath(path),
    instead: ownProperty(instead, String(path.at(-1))),
  }));
  if (serviceAccount && !defaultAccount.test(serviceAccount) && !runtime?.serviceAccount) {
    omitted.push({
      path: formatPath([...root, 'serviceAccount']),
      instead: 'set runtime.serviceAccount in localrun.yaml to a service account of the cluster',
    });
  }
  volumes.forEach(({ cloudSqlInstance, gcs, nfs: share }, i) => {
    const at = [...root, 'volumes', i];
    const { ignored } = bucketOptions(gcs?.mountOptions ?? []);
    if (cloudSqlInstance) {
      omitted.push({
        path: formatPath([...at, 'cloudSqlInstance']),
        instead: 'run the Cloud SQL Auth Proxy as a container of the job',
      });
    }
    if (ignored.length > 0) {
      omitted.push({
        path: `${formatPath([...at, 'gcs', 'mountOptions'])} (${ignored.join(', ')})`,
        instead: undefined,
      });
    }
    if (share && Object.hasOwn(nfs, `${share.server}:${share.path}`)) {
      omitted.push({
        path: `nfs in localrun.yaml (${share.server}:${share.path})`,
        instead: 'the cluster mounts the export itself',
      });
    }
  });
  if (credentials) {
    omitted.push({ path: 'credentials in localrun.yaml', instead: 'use a service account of the cluster' });
  }
  return omitted;
}
