import { StatusError } from '../../model/errors.js';
import type { Parent } from '../../model/names.js';
import { bool, type Infer, int32, message, string } from '../../model/schema/field.js';
import type { ServerCall } from '../methods/method.js';

/** The parameters of lists in v1. Those that Cloud Run's API takes and does not use are declared, too. */
export const ListQuery = message('ListRequest', {
  limit: int32('The most items; 0: all.'),
  continue: string('From the page before.'),
  labelSelector: string('Which items, by their labels.'),
  fieldSelector: string(''),
  includeUninitialized: bool(''),
  resourceVersion: string(''),
  watch: bool(''),
});
export const DeleteQuery = message('DeleteRequest', {
  apiVersion: string(''),
  kind: string(''),
  dryRun: string(''),
  propagationPolicy: string(''),
  orphanDependents: bool(''),
});
export const NoQuery = message('Request', {});
export const PageQuery = message('ListLocationsRequest', {
  filter: string(''),
  pageSize: int32(''),
  pageToken: string(''),
});

export type Query = Infer<typeof ListQuery> & Infer<typeof DeleteQuery>;

/** A request of the v1 API. */
export interface V1Request {
  call: ServerCall;
  /** The namespace, as an id, and the region in the host or the server's own. */
  parent: Parent;
  /** The region in the host. Without one, a list holds those of all regions. */
  region: string | undefined;
  /** What the path names in its collection; empty in a request about a whole collection. */
  id: string;
  query: Query;
  /** The body as text. */
  body: string;
}

/** A method of the v1 API, by its path below the namespace. */
export interface V1Method {
  verb: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query: typeof ListQuery | typeof DeleteQuery | typeof NoQuery;
  handle: (request: V1Request) => object | Promise<object>;
}

/** The answer to a deletion that has begun. */
export const success = { metadata: {}, status: 'Success' };

/** @throws StatusError INVALID_ARGUMENT for a dry run, which v1 only has for other resources */
export function requireReal({ dryRun }: Query): void {
  if (dryRun) throw new StatusError('INVALID_ARGUMENT', 'dryRun: jobs and executions have no dry run in v1');
}
