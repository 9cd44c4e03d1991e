import { StatusError } from '../../model/errors.js';
import { type LabelSelector, parseLabelSelector } from '../../model/label-selector.js';
import type { ResourceV1 } from '../../model/v1/write.js';
import type { Page, PageRequest } from '../../service/pages.js';
import type { Query } from './method.js';

/** The labels by which clients select. */
export const jobLabel = 'run.googleapis.com/job';
export const executionLabel = 'run.googleapis.com/execution';
export const stateLabel = 'run.googleapis.com/runningState';

/** The size of pages if a client wants everything at once. */
const wholePage = 1000;

export const selectorOf = ({ labelSelector = '' }: Query): LabelSelector =>
  parseLabelSelector(labelSelector, 'labelSelector');

/**
 * A list in v1's form: `limit` of the items that the selector holds for, all without a limit.
 * @param list the items in question
 * @throws StatusError INVALID_ARGUMENT
 */
export function listOf<T>(
  kind: ResourceV1['kind'],
  { limit = 0, continue: from }: Query,
  { holds }: LabelSelector,
  list: (page: PageRequest) => Page<T>,
  toV1: (item: T) => { resource: ResourceV1; selectable?: Readonly<Record<string, string>> },
): object {
  if (limit < 0) throw new StatusError('INVALID_ARGUMENT', `limit: must not be negative, got ${limit}`);
  const items: ResourceV1[] = [];
  let pageToken = from || undefined;
  do {
    // Never more than are missing, so that the next list goes on where this one ends.
    const page = list({ pageSize: limit > 0 ? Math.min(limit - items.length, wholePage) : wholePage, pageToken });
    for (const item of page.items) {
      const { resource, selectable } = toV1(item);
      if (holds({ ...resource.metadata.labels, ...selectable })) items.push(resource);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && (limit === 0 || items.length < limit));
  return {
    apiVersion: 'run.googleapis.com/v1',
    kind: `${kind}List`,
    // gcloud needs it, even if it is empty.
    metadata: pageToken === undefined ? {} : { continue: pageToken },
    items,
  };
}
