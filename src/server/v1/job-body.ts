import { StatusError } from '../../model/errors.js';
import { formatPath } from '../../model/field-path.js';
import type { JobInput } from '../../model/schema/job.js';
import { readBody } from '../../model/spec/request-body.js';
import { isError, type RequestName } from '../../model/validation/bad-request.js';
import { validateJob } from '../../model/validation/job.js';
import type { Violation } from '../../model/validation/violation.js';
import { jobFromV1 } from '../../model/v1/read.js';
import { type JobV1, JobV1Message } from '../../model/v1/schema.js';
import type { V1Request } from './method.js';

const apiVersion = 'run.googleapis.com/v1';

/**
 * The job in the body of a request, in v2, with its id. `resourceVersion` becomes its etag.
 * @throws StatusError INVALID_ARGUMENT, with the paths of v1
 */
export function readJob({ body, call, parent, id }: V1Request, request: RequestName): { id: string; job: JobInput } {
  const v1 = readBody(body, JobV1Message, request);
  const { metadata } = v1;
  const { job, violations, origin } = jobFromV1(v1);
  const own = id || metadata.name || '';
  const found = [
    ...checkIdentity(v1, own, [parent.project, call.projectNumber]),
    ...violations,
    ...validateJob(own, job).map((violation) => ({ ...violation, path: origin(violation.path) })),
  ].filter(isError);
  const [first] = found.map(fieldViolation);
  if (first) {
    throw new StatusError('INVALID_ARGUMENT', `${first.field}: ${first.description}`, {
      fieldViolations: found.map(fieldViolation),
    });
  }
  const etag = resourceVersion(body);
  return { id: own, job: { ...job, ...(etag && { etag }) } };
}

const fieldViolation = ({ path, description }: Violation): { field: string; description: string } => ({
  field: formatPath(path),
  description,
});

/** The path of a request and its body must agree. */
function checkIdentity(v1: JobV1, id: string, namespaces: readonly string[]): Violation[] {
  const wrong = (path: Violation['path'], expected: string): Violation => ({
    path,
    rule: 'kind',
    description: `must be ${expected}`,
  });
  const { name, namespace } = v1.metadata;
  return [
    ...(v1.apiVersion === apiVersion ? [] : [wrong(['apiVersion'], apiVersion)]),
    ...(v1.kind === 'Job' ? [] : [wrong(['kind'], 'Job')]),
    ...(name && name !== id ? [wrong(['metadata', 'name'], `${id}, as in the path`)] : []),
    ...(namespace && !namespaces.includes(namespace)
      ? [wrong(['metadata', 'namespace'], `${namespaces[0]}, as in the path`)]
      : []),
  ];
}

/** A field that only the service sets, and that a replacement sends back. */
function resourceVersion(body: string): string | undefined {
  const { metadata } = JSON.parse(body) as { metadata?: { resourceVersion?: unknown } };
  return typeof metadata?.resourceVersion === 'string' ? metadata.resourceVersion : undefined;
}
