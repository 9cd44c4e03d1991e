import { StatusError } from '../../model/errors.js';
import { isParentPart, jobName, type Parent, parseName } from '../../model/names.js';
import type { Execution, Job } from '../../model/schema/job.js';
import { ExecutionMessage, JobMessage } from '../../model/schema/job.js';
import { toYaml } from '../../model/spec/write-yaml.js';
import { executionToV1, exported, jobToV1 } from '../../model/v1/write.js';
import { getExecution, listExecutions } from '../../service/executions.js';
import { getJob, listJobs } from '../../service/jobs.js';
import { everyPage } from '../../service/pages.js';
import { placesElsewhere } from '../../service/places.js';
import type { Call } from '../../service/service.js';
import type { ExecutionRow, Overview, YamlVersion } from '../../page/data.js';
import type { ServerCall } from '../methods/method.js';
import { toJson } from '../proto-json.js';
import { executionRow, jobRow } from './rows.js';

/** The most executions of a list. */
const listed = 200;

/** What an address of the page names: an id, and where it is. Without a region: wherever there is one. */
export interface Address {
  project: string;
  region: string | undefined;
  /** Where it would be if there were one. */
  usual: string;
}

/** @throws StatusError INVALID_ARGUMENT */
export function addressOf(call: ServerCall, query: URLSearchParams): Address {
  const project = query.get('project') ?? call.project;
  const region = query.get('region') ?? undefined;
  if (!isParentPart(project) || (region !== undefined && !isParentPart(region))) {
    throw new StatusError('INVALID_ARGUMENT', 'The address has no valid project or region.');
  }
  return { project, region, usual: call.location };
}

function parentOf(call: Call, kind: 'job' | 'execution', id: string, { project, region, usual }: Address): Parent {
  const places = region === undefined ? placesElsewhere(call, { kind, id }) : [];
  const place = places.find((one) => one.project === project);
  return { project, location: region ?? place?.location ?? usual };
}

/** @throws StatusError NOT_FOUND, PERMISSION_DENIED */
export const jobAt = (call: Call, id: string, address: Address): Job =>
  getJob(call, jobName(parentOf(call, 'job', id, address), id));

/** @throws StatusError NOT_FOUND, PERMISSION_DENIED */
export const executionAt = (call: Call, id: string, address: Address): Execution =>
  getExecution(call, parentOf(call, 'execution', id, address), id);

/** The job of an execution; undefined if it was deleted. */
export function jobOf(call: Call, { name, job }: Execution): Job | undefined {
  try {
    return getJob(call, jobName(parseName(name), job));
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** The newest executions of a job, or of a whole project. */
export function newest(call: Call, parent: string): { executions: ExecutionRow[]; more: boolean } {
  const { items, nextPageToken } = listExecutions(call, { parent, pageSize: listed });
  return { executions: items.map(executionRow), more: nextPageToken !== undefined };
}

export function overview(call: Call, { project, region }: Address): Overview {
  const projects = placesElsewhere(call, { kind: 'job' }).map((place) => place.project);
  return {
    project,
    projects: [...new Set([project, ...projects])].toSorted(),
    jobs: everyPage((page) => listJobs(call, { project, location: region, ...page })).map(jobRow),
    ...newest(call, jobName({ project, location: region ?? '-' }, '-')),
  };
}

export const jobYaml = (job: Job, version: YamlVersion): string =>
  toYaml(version === 'v1' ? exported(jobToV1(job)) : toJson(JobMessage, job));

export const executionYaml = (execution: Execution, version: YamlVersion): string =>
  toYaml(version === 'v1' ? executionToV1(execution) : toJson(ExecutionMessage, execution));
