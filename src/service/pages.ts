import { createHash } from 'node:crypto';
import { StatusError } from '../model/errors.js';

/** Part of a listing, as the API's list methods take and give it. */
export interface PageRequest {
  /** At most so many items; 0 or unset: 100. */
  pageSize?: number | undefined;
  /** From the page before; everything else of the request has to be the same. */
  pageToken?: string | undefined;
}

export interface Page<T> {
  items: T[];
  /** Absent at the end. */
  nextPageToken?: string;
}

/** The service documents neither; these are those of its other list methods. */
const defaultPageSize = 100;
const maxPageSize = 1000;

/**
 * One page of a listing. `query` is all that decides what the listing holds; `fetch` gives at most `limit` items after
 * a position, each with its own.
 * @throws StatusError INVALID_ARGUMENT for an invalid size or token
 */
export function pageOf<T, P>(
  { pageSize = 0, pageToken }: PageRequest,
  query: object,
  fetch: (after: P | undefined, limit: number) => { item: T; position: P }[],
): Page<T> {
  if (pageSize < 0) throw new StatusError('INVALID_ARGUMENT', `page_size: must not be negative, got ${pageSize}`);
  const size = Math.min(pageSize || defaultPageSize, maxPageSize);
  const listing = createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 12);
  const found = fetch(pageToken ? positionIn<P>(pageToken, listing) : undefined, size + 1);
  const last = found.length > size ? found[size - 1] : undefined;
  return {
    items: found.slice(0, size).map(({ item }) => item),
    ...(last && { nextPageToken: Buffer.from(JSON.stringify([listing, last.position])).toString('base64url') }),
  };
}

function positionIn<P>(pageToken: string, listing: string): P {
  try {
    const [of, position] = JSON.parse(Buffer.from(pageToken, 'base64url').toString()) as [string, P];
    if (of === listing) return position;
  } catch {
    // Not even a token: the same answer.
  }
  throw new StatusError('INVALID_ARGUMENT', 'page_token: is not that of the page before, of a request like this one');
}

/** A whole listing, page by page, or its first items, at least so many if there are. */
export function everyPage<T>(list: (page: PageRequest) => Page<T>, enough = Infinity): T[] {
  const items: T[] = [];
  let pageToken: string | undefined;
  do {
    const page = list({ pageSize: Math.min(enough - items.length, maxPageSize), pageToken });
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && items.length < enough);
  return items;
}
