import { codes } from './errors.js';
import type { LogLine } from './log-lines.js';
import { parseName, shortName } from './names.js';
import { ownProperty } from './own-property.js';
import { durationSeconds, type Timestamp, toTimestamp } from './time.js';
import { type AttemptRecord, isStartFailure } from './attempt.js';
import { conditionOf } from './execution.js';
import type { Execution } from './schema/job.js';

/** google.logging.type.LogSeverity, ascending. */
export const severities = [
  'DEFAULT',
  'DEBUG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
  'CRITICAL',
  'ALERT',
  'EMERGENCY',
] as const;
export type Severity = (typeof severities)[number];

/** An entry in Cloud Logging's shape; severity DEFAULT is absent, as everywhere in the API. */
export interface LogEntry {
  insertId: string;
  logName: string;
  resource: { type: 'cloud_run_job'; labels: Record<'job_name' | 'location' | 'project_id', string> };
  timestamp: Timestamp;
  severity?: Severity | undefined;
  labels: Record<string, string>;
  textPayload?: string | undefined;
  jsonPayload?: Record<string, unknown> | undefined;
  httpRequest?: unknown;
  trace?: unknown;
  spanId?: unknown;
  traceSampled?: unknown;
  sourceLocation?: unknown;
  operation?: unknown;
}

/** The origin of an entry; `log` is the last part of its log's name. */
export interface EntrySource {
  execution: Execution;
  log: 'stdout' | 'stderr' | 'varlog/system';
  /** Absent if the entry concerns the execution as a whole. */
  task?: number | undefined;
  attempt?: number | undefined;
  /** The container's label, unless it is the main container. */
  container?: string | undefined;
}

/**
 * The entry for line `number` of a log. A JSON object becomes the payload, except for the fields that Cloud Logging
 * takes out of it, such as severity, labels and trace.
 */
export function lineEntry({ time, text }: LogLine, source: EntrySource, number: number): LogEntry {
  const entry = newEntry(source, time, `${source.log}${source.container ?? ''}.${number}`);
  const structured = structuredLine(text);
  if (!structured) return { ...entry, textPayload: text };
  return { ...entry, ...structured, labels: { ...entry.labels, ...structured.labels } };
}

/** What a JSON object says of the entry of its line; undefined if a line is anything else. */
export function structuredLine(text: string): Partial<LogEntry> | undefined {
  const payload = jsonObject(text);
  if (!payload) return undefined;
  const lifted: Partial<LogEntry> = {};
  const unlifted: [key: string, value: unknown][] = [];
  for (const [key, value] of Object.entries(payload)) {
    const field = ownProperty(liftedFields, key);
    if (key === 'severity' && isSeverity(value)) lifted.severity = upper(value);
    else if (key === 'time' && isTime(value)) lifted.timestamp = toTimestamp(value);
    else if (key === `${special}labels` && typeof value === 'object') {
      lifted.labels = { ...value };
    } else if (key === `${special}insertId`) lifted.insertId = String(value);
    else if (field) lifted[field] = value;
    else unlifted.push([key, value]);
  }
  const rest = Object.fromEntries(unlifted);
  if (lifted.severity === 'DEFAULT') delete lifted.severity;
  const { message } = rest;
  const messageOnly = typeof message === 'string' && unlifted.length === 1;
  return Object.assign(lifted, messageOnly ? { textPayload: message } : { jsonPayload: rest });
}

const special = 'logging.googleapis.com/';
const liftedFields: Record<
  string,
  'httpRequest' | 'trace' | 'spanId' | 'traceSampled' | 'sourceLocation' | 'operation'
> = {
  httpRequest: 'httpRequest',
  [`${special}trace`]: 'trace',
  [`${special}spanId`]: 'spanId',
  [`${special}trace_sampled`]: 'traceSampled',
  [`${special}sourceLocation`]: 'sourceLocation',
  [`${special}operation`]: 'operation',
};

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
const upper = (severity: string): Severity => severity.toUpperCase() as Severity;
export const isSeverity = (value: unknown): value is string =>
  typeof value === 'string' && (severities as readonly string[]).includes(value.toUpperCase());

/** Why the end of a log may be missing. */
export const unheard = 'the container engine was away when the container ended, or could not return its log';

/** The platform's own entries about the end of an attempt (observed in the logs of live jobs). */
export function platformEntries(execution: Execution, record: AttemptRecord): LogEntry[] {
  const { task, attempt, outcome, endTime, stop } = record;
  const source: EntrySource = { execution, log: 'varlog/system', task, attempt };
  const says = (timestamp: Timestamp, severity: Severity, textPayload: string): LogEntry => ({
    ...newEntry(source, timestamp, `system.${textPayload}`),
    severity,
    textPayload,
  });
  const entries: LogEntry[] = [];
  // A container that exited by itself in the meantime was not ended by the timeout.
  if (stop?.reason === 'timeout' && (!outcome || outcome.code === codes.DEADLINE_EXCEEDED)) {
    const seconds = durationSeconds(execution.template.timeout ?? '') ?? 0;
    const text = `Terminating task because it has reached the maximum timeout of ${seconds} seconds.`;
    entries.push(says(stop.time, 'ERROR', text));
  }
  if (outcome?.unheard && endTime) {
    entries.push(says(endTime, 'WARNING', `The end of this log may be missing: ${unheard}.`));
  }
  if (!outcome || !endTime) return entries;
  const { code, exitCode, termSignal, message } = outcome;
  if (stop && (code === codes.DEADLINE_EXCEEDED || code === codes.CANCELLED)) return entries;
  if (termSignal) entries.push(says(endTime, 'WARNING', `Container terminated on signal ${termSignal}.`));
  else if (code === 0) entries.push(says(endTime, 'INFO', 'Container called exit(0).'));
  else if (exitCode && code === codes.ABORTED && !isStartFailure(outcome))
    entries.push(says(endTime, 'WARNING', `Container called exit(${exitCode}).`));
  else entries.push(says(endTime, 'ERROR', message));
  return entries;
}

/** The platform's entry about an execution that failed before any attempt. */
export function executionEntries(execution: Execution): LogEntry[] {
  const { state, message, executionReason, lastTransitionTime } = conditionOf(execution, 'Completed') ?? {};
  const failed = state === 'CONDITION_FAILED' && executionReason !== 'CANCELLED' && !execution.startTime;
  if (!failed || !message || !lastTransitionTime) return [];
  const source: EntrySource = { execution, log: 'varlog/system' };
  return [{ ...newEntry(source, lastTransitionTime, 'system.failed'), severity: 'ERROR', textPayload: message }];
}

function newEntry(
  { execution, log, task, attempt, container }: EntrySource,
  timestamp: Timestamp,
  id: string,
): LogEntry {
  const { project, location } = parseName(execution.name);
  return {
    insertId: Buffer.from([shortName(execution.name), task, attempt, id].join('/')).toString('base64url'),
    logName: `projects/${project}/logs/run.googleapis.com%2F${log.replace('/', '%2F')}`,
    resource: { type: 'cloud_run_job', labels: { job_name: execution.job, location, project_id: project } },
    timestamp,
    labels: {
      ...execution.labels,
      'run.googleapis.com/execution_name': shortName(execution.name),
      ...(task !== undefined && { 'run.googleapis.com/task_index': String(task) }),
      ...(attempt !== undefined && { 'run.googleapis.com/task_attempt': String(attempt) }),
      ...(container !== undefined && { container_name: container }),
    },
  };
}

/** Whether the id of an entry is one of `newEntry`, which no other entry has. Jobs may give any ids. */
export const hasOwnId = ({ insertId, resource }: LogEntry): boolean =>
  Buffer.from(insertId, 'base64url').toString().startsWith(`${resource.labels.job_name}-`);

function jsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{') || !text.trimEnd().endsWith('}')) return undefined;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return isDeeper(value, maxDepth) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A structured line nested deeper than this is treated as text: it could be parsed as JSON, but not written. */
const maxDepth = 100;

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1)));

/** The readable text of an entry. */
export function entryText({ textPayload, jsonPayload }: Pick<LogEntry, 'textPayload' | 'jsonPayload'>): string {
  if (textPayload !== undefined) return textPayload;
  const message = jsonPayload?.['message'];
  return typeof message === 'string' ? message : JSON.stringify(jsonPayload);
}

/** Whether an entry has at least this severity. */
export const isAtLeast = ({ severity = 'DEFAULT' }: Pick<LogEntry, 'severity'>, least: Severity): boolean =>
  severities.indexOf(severity) >= severities.indexOf(least);
