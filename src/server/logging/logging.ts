import { StatusError } from '../../model/errors.js';
import { hasOwnId, type LogEntry } from '../../model/log-entry.js';
import { type LogFilter, parseLogFilter } from '../../model/log-filter/parse.js';
import { jobName, parseName } from '../../model/names.js';
import { int32, type Infer, list, message, string } from '../../model/schema/field.js';
import type { Execution } from '../../model/schema/job.js';
import { readBody } from '../../model/spec/request-body.js';
import { executionsNamed, listExecutions } from '../../service/executions.js';
import { readLogEntries } from '../../service/log-entries.js';
import { everyPage } from '../../service/pages.js';
import type { Exchange } from '../exchange.js';
import type { ServerCall } from '../methods/method.js';
import { parentOf } from '../methods/names.js';
import { readQuery } from '../rest/query.js';

const ListLogEntriesRequest = message('google.logging.v2.ListLogEntriesRequest', {
  resourceNames: list(string('`projects/PROJECT`.'), 'The projects.'),
  projectIds: list(string('A project.'), 'The same, as in the past.'),
  filter: string('In the Logging query language.'),
  orderBy: string('`timestamp asc`, which is the default, or `timestamp desc`.'),
  pageSize: int32('The most entries; 50 if unset, at most 1000.'),
  pageToken: string('From the page before.'),
});
type Request = Infer<typeof ListLogEntriesRequest>;

/** As documented for entries.list. */
const defaultPageSize = 50;
const maxPageSize = 1000;

/** After how many entries others get their turn. */
const stride = 500;

/** Answers Cloud Logging's `entries:list`. */
export async function answer(exchange: Exchange): Promise<void> {
  if (exchange.httpMethod !== 'POST') throw new StatusError('NOT_FOUND', 'Method not found.');
  const { pretty } = readQuery(exchange.query, message('NoParameters', {}), {});
  const request = readBody(await exchange.text(), ListLogEntriesRequest, 'ListLogEntriesRequest');
  exchange.json(200, await listLogEntries(exchange.call, request, exchange.signal), pretty);
}

async function listLogEntries(call: ServerCall, request: Request, signal: AbortSignal): Promise<object> {
  const { orderBy = '', pageSize = 0, pageToken = '' } = request;
  const order = /^\s*timestamp(?:\s+(asc|desc))?\s*$/i.exec(orderBy || 'timestamp');
  if (!order) {
    throw new StatusError('INVALID_ARGUMENT', `order_by: must be "timestamp asc" or "timestamp desc", got ${orderBy}`);
  }
  if (pageSize < 0) throw new StatusError('INVALID_ARGUMENT', `page_size: must not be negative, got ${pageSize}`);
  const size = Math.min(pageSize || defaultPageSize, maxPageSize);
  const filter = parseLogFilter(request.filter ?? '', 'filter');
  const entries = placed(readLogEntries(call, executionsOf(call, request, filter), { filter }), signal);
  const from = pageToken === '' ? undefined : positionIn(pageToken);
  const page = await (order[1]?.toLowerCase() === 'desc' ? newest : oldest)(entries, size, from);
  if (!page) throw new StatusError('INVALID_ARGUMENT', 'page_token: is not that of the page before');
  const { found, next } = page;
  return { entries: found, ...(next && { nextPageToken: tokenFor(next) }) };
}

/** An entry, by its id, and how many of the same id are before it: a job may give any id to its entries. */
interface Position {
  id: string;
  before: number;
}

interface Placed extends Position {
  entry: LogEntry;
}

interface EntryPage {
  found: LogEntry[];
  /** The last entry of this page, if there are more. */
  next: Position | undefined;
}

/** @throws StatusError UNAVAILABLE if the client has gone */
async function* placed(entries: Iterable<LogEntry>, signal: AbortSignal): AsyncGenerator<Placed> {
  // Not of ids that are unique: a large log has too many.
  const seen = new Map<string, number>();
  let count = 0;
  for (const entry of entries) {
    const { insertId: id } = entry;
    const before = seen.get(id) ?? 0;
    if (!hasOwnId(entry)) seen.set(id, before + 1);
    yield { entry, id, before };
    if (++count % stride !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw new StatusError('UNAVAILABLE', 'The client has gone, or the server is closing.');
  }
}

const isAt = (position: Position | undefined, { id, before }: Position): boolean =>
  id === position?.id && before === position.before;

/** The entries after a position; undefined if there is no such position. */
async function oldest(entries: AsyncIterable<Placed>, size: number, from?: Position): Promise<EntryPage | undefined> {
  let reached = from === undefined;
  const found: Placed[] = [];
  for await (const one of entries) {
    if (reached) found.push(one);
    reached ||= isAt(from, one);
    if (found.length > size) return pageOf(found.slice(0, size), true);
  }
  return reached ? pageOf(found, false) : undefined;
}

/** The entries before a position, or the last ones, newest first. */
async function newest(entries: AsyncIterable<Placed>, size: number, from?: Position): Promise<EntryPage | undefined> {
  let reached = from === undefined;
  let found: Placed[] = [];
  for await (const one of entries) {
    reached ||= isAt(from, one);
    if (from !== undefined && reached) break;
    found.push(one);
    // Now and then, so that a small part of a large log takes little memory.
    if (found.length > 2 * size + 1) found = found.slice(-size - 1);
  }
  return reached ? pageOf(found.slice(-size).toReversed(), found.length > size) : undefined;
}

function pageOf(found: readonly Placed[], more: boolean): EntryPage {
  return { found: found.map(({ entry }) => entry), next: more ? found.at(-1) : undefined };
}

const tokenFor = ({ id, before }: Position): string => Buffer.from(JSON.stringify([id, before])).toString('base64url');

function positionIn(token: string): Position {
  try {
    const [id, before] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [string, number];
    return { id, before };
  } catch {
    return { id: '', before: -1 };
  }
}

/** The executions whose entries a filter may hold for. */
function executionsOf(call: ServerCall, request: Request, { textOf }: LogFilter): Execution[] {
  const { resourceNames = [], projectIds = [] } = request;
  const names = [...resourceNames, ...projectIds.map((id) => `projects/${id}`)];
  if (names.length === 0) throw new StatusError('INVALID_ARGUMENT', 'resource_names: must not be empty');
  const projects = new Set(names.map((name) => projectOf(call, name)));
  const wanted = {
    job: textOf('resource', 'labels', 'job_name'),
    location: textOf('resource', 'labels', 'location'),
    execution: textOf('labels', 'run.googleapis.com/execution_name'),
  };
  const fits = (text: string | undefined, own: string): boolean =>
    text === undefined || text.toLowerCase() === own.toLowerCase();
  return [...projects].flatMap((project) => {
    const parent = jobName({ project, location: '-' }, '-');
    const found =
      wanted.execution === undefined
        ? everyPage((page) => listExecutions(call, { parent, ...page }))
        : executionsNamed(call, { project }, wanted.execution.toLowerCase());
    return found.filter(({ name, job }) => fits(wanted.job, job) && fits(wanted.location, parseName(name).location));
  });
}

/** @throws StatusError INVALID_ARGUMENT for anything but a project */
function projectOf(call: ServerCall, name: string): string {
  const [, project] = /^projects\/([^/]+)$/.exec(name) ?? [];
  if (project !== undefined) return parentOf(call, `${name}/locations/-`, 'anywhere').project;
  throw new StatusError('INVALID_ARGUMENT', `resource_names: must be projects/PROJECT, got ${name}`);
}
