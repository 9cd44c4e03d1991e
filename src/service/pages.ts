import { createHash } from 'node:crypto';
import { StatusError } from '../model/errors.js';

/** A page of a listing, as in the API's list methods. */
export interface PageRequest {
  /** The most items to return; 0 or unset: 100. */
  pageSize?: number | undefined;
  /** From the previous page; the rest of the request has to be the same. */
  pageToken?: string | undefined;
}

export interface Page<T> {
  items: T[];
  /** Absent at the end. */
  nextPageToken?: string;
}

/** Undocumented; as in other list methods of Google's. */
const defaultPageSize = 100;
const maxPageSize = 1000;

/**
 * One page of a listing. `query` decides what the listing holds; `fetch` returns at most `limit` items after a position,
 * each with its own position.
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
    // Not a token at all: the same error.
  }
  throw new StatusError('INVALID_ARGUMENT', 'page_token: is not that of the page before, of a request like this one');
}

/** A whole listing, or at least its first `enough` items. */
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
