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
  const found = fetch(pageToken ? positionIn<P>(pageToken, query) : undefined, size + 1);
  const last = found.length > size ? found[size - 1] : undefined;
  return {
    items: found.slice(0, size).map(({ item }) => item),
    ...(last && { nextPageToken: tokenOf(query, last.position) }),
  };
}

/** A token with a checksum of the listing and the position, so that no other one is taken for it. */
function tokenOf(query: object, position: unknown): string {
  const checksum = createHash('sha256')
    .update(JSON.stringify([query, position]))
    .digest('base64url')
    .slice(0, 12);
  return Buffer.from(JSON.stringify([checksum, position])).toString('base64url');
}

function positionIn<P>(pageToken: string, query: object): P {
  try {
    const [, position] = JSON.parse(Buffer.from(pageToken, 'base64url').toString()) as [string, P];
    if (pageToken === tokenOf(query, position)) return position;
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
