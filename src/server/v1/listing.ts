import { StatusError } from '../../model/errors.js';
import { type LabelSelector, parseLabelSelector } from '../../model/label-selector.js';
import type { ResourceV1 } from '../../model/v1/write.js';
import type { Page, PageRequest } from '../../service/pages.js';
import type { Query } from './method.js';

/** The labels by which clients select. */
export const jobLabel = 'run.googleapis.com/job';
export const executionLabel = 'run.googleapis.com/execution';
export const stateLabel = 'run.googleapis.com/runningState';

/** The largest pages to read; in between, other requests get their turn. */
const wholePage = 1000;

export const selectorOf = ({ labelSelector = '' }: Query): LabelSelector =>
  parseLabelSelector(labelSelector, 'labelSelector');

/**
 * A list in v1's form: `limit` of the items that the selector holds for, all without a limit.
 * @param list the items in question
 * @throws StatusError INVALID_ARGUMENT
 */
export async function listOf<T>(
  kind: ResourceV1['kind'],
  { limit = 0, continue: from }: Query,
  { holds }: LabelSelector,
  list: (page: PageRequest) => Page<T>,
  toV1: (item: T) => { resource: ResourceV1; selectable?: Readonly<Record<string, string>> },
): Promise<object> {
  if (limit < 0) throw new StatusError('INVALID_ARGUMENT', `limit: must not be negative, got ${limit}`);
  const items: ResourceV1[] = [];
  const missing = (): number => (limit > 0 ? limit - items.length : Infinity);
  let pageToken = from || undefined;
  let pageSize = Math.min(missing(), wholePage);
  do {
    const page = list({ pageSize, pageToken });
    const selected = page.items
      .map(toV1)
      .filter(({ resource, selectable }) => holds({ ...resource.metadata.labels, ...selectable }));
    if (selected.length > missing()) {
      // The next list goes on where a page ends: it may have no more than are missing.
      pageSize = missing();
      continue;
    }
    items.push(...selected.map(({ resource }) => resource));
    pageToken = page.nextPageToken;
    // A selector may hold for few of many, and each page has its price.
    pageSize = Math.min(pageSize * 2, wholePage);
    if (pageToken !== undefined) await new Promise((resolve) => setImmediate(resolve));
  } while (pageToken !== undefined && missing() > 0);
  return {
    apiVersion: 'run.googleapis.com/v1',
    kind: `${kind}List`,
    // gcloud needs it, even if it is empty.
    metadata: pageToken === undefined ? {} : { continue: pageToken },
    items,
  };
}
