import { StatusError } from '../model/errors.js';
import {
  type OperationMethod,
  operationName,
  operationOf,
  type OperationResource,
  parseOperationName,
} from '../model/operation.js';
import { type Parent, parentName, parseName, shortName } from '../model/names.js';
import type { Operation } from '../model/schema/operation.js';
import type { OperationRecord } from '../store/store.js';
import { authorize } from './authorization.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { withStatus } from './job-status.js';
import { finishDeletions } from './retention.js';
import type { Call } from './service.js';
import { resume } from './wait.js';

/** How often a wait checks that the process of an execution is alive, in ms. */
const livenessInterval = 250;

/** What a request says about its operation. */
export interface OperationOptions {
  /** The UUID of the operation, for a client that asks for it later; generated if unset. */
  operation?: string | undefined;
}

/** Records an operation in the current transaction, which changes its resource. */
export function recordOperation(
  call: Call,
  method: OperationMethod,
  kind: OperationResource['kind'],
  resource: string,
  { operation = call.uuid() }: OperationOptions,
): void {
  call.store.createOperation(operationName(parseName(resource), operation), method, kind, resource);
}

/** @throws StatusError NOT_FOUND */
export function getOperation(call: Call, name: string): Operation {
  return view(call, found(call, 'run.operations.get', name));
}

/** The operation that a request of this call has just recorded. A caller may see it without a further right. */
export function startedOperation(call: Call, name: string): Operation {
  const record = upToDate(call, name);
  if (!record) throw unknown(name);
  return view(call, record);
}

export interface ListOperationsRequest extends PageRequest {
  parent: Parent;
  /** Only those that have ended, or only those that have not. */
  done?: boolean | undefined;
}

/** How many operations a page has at most. */
const maxPageSize = 100;

/** How many operations to read at a time if a filter may leave few of them: each reading has its price. */
const filteredAtOnce = 500;

/** Newest first; `-` stands for any location. */
export function listOperations(call: Call, request: ListOperationsRequest): Page<Operation> {
  const { parent, done, pageSize = 0, pageToken } = request;
  authorize(call, 'run.operations.list', parentName(parent));
  const location = parent.location === '-' ? undefined : parent.location;
  const page = { pageSize: Math.min(pageSize || maxPageSize, maxPageSize), pageToken };
  return pageOf<Operation, number>(page, { parent, done }, (after, limit) => {
    const items: { item: Operation; position: number }[] = [];
    const atOnce = done === undefined ? limit : Math.max(limit, filteredAtOnce);
    let last = after;
    while (items.length < limit) {
      const records = call.store.operations({ project: parent.project, location, after: last, limit: atOnce });
      for (const record of records) {
        const item = view(call, record);
        if (done === undefined || done === (item.done ?? false)) items.push({ item, position: record.number });
      }
      last = records.at(-1)?.number;
      if (records.length < atOnce) break;
    }
    return items.slice(0, limit);
  });
}

/**
 * Waits until an operation has ended, but at most `timeout` ms, and returns its state. If the process of its execution
 * dies, another one resumes the execution.
 * @throws StatusError NOT_FOUND, also if it is removed meanwhile; the signal's reason once that is aborted
 */
export async function waitOperation(
  call: Call,
  name: string,
  { timeout = Infinity, signal }: { timeout?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Operation> {
  const until = performance.now() + timeout;
  for await (const _ of call.changes.watch({ signal, atLeastEvery: Math.min(livenessInterval, timeout) })) {
    const record = found(call, 'run.operations.get', name);
    const operation = view(call, record);
    if (operation.done || performance.now() >= until) return operation;
    if (record.resource.kind === 'execution' && !record.deleted) await resume(call, record.resource.execution.name);
  }
  signal?.throwIfAborted();
  return getOperation(call, name);
}

/** Removes the record of an operation, and stops nothing. @throws StatusError NOT_FOUND */
export function deleteOperation(call: Call, name: string): void {
  found(call, 'run.operations.delete', name);
  call.store.removeOperation(name);
}

function found(call: Call, permission: `run.operations.${'get' | 'delete'}`, name: string): OperationRecord {
  const parent = parseOperationName(name);
  if (!parent) throw new StatusError('INVALID_ARGUMENT', `Invalid resource name [${name}].`);
  const record = upToDate(call, name);
  authorize(call, permission, record ? resourceName(record) : parentName(parent));
  if (record) return record;
  throw unknown(name);
}

function unknown(name: string): StatusError {
  const { project, location } = parseOperationName(name) ?? {};
  return new StatusError(
    'NOT_FOUND',
    `Resource '${shortName(name)}' of kind 'OPERATION' in region '${location}' in project '${project}' does not exist.`,
  );
}

/** The record of an operation. Finishes deletions that have nothing left to wait for, since no other request may. */
function upToDate(call: Call, name: string): OperationRecord | undefined {
  const record = call.store.operation(name);
  if (record?.method !== 'delete' || record.deleted || !call.store.writable) return record;
  finishDeletions(call);
  return call.store.operation(name);
}

const resourceName = ({ resource }: OperationRecord): string =>
  resource.kind === 'job' ? resource.job.name : resource.execution.name;

function view({ store }: Call, { name, method, resource, deleted }: OperationRecord): Operation {
  const current: OperationResource =
    resource.kind === 'job' && !deleted ? { kind: 'job', job: withStatus(store, resource.job) } : resource;
  return operationOf(name, method, current, deleted);
}
