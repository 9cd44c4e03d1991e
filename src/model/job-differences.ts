import { isDeepStrictEqual } from 'node:util';
import type { FieldPath } from './field-path.js';
import type { Parent } from './names.js';
import { parseQuantity } from './quantity.js';
import type { Field, ListField, MapField, Message } from './schema/field.js';
import { type JobInput, JobMessage } from './schema/job.js';
import { durationSeconds } from './time.js';
import { withoutField } from './v1/annotations.js';
import { isTree } from './v1/convert.js';
import { executionMeta, jobMeta } from './v1/mapping.js';

/** A job with its defaults, and the project and region that its short names are relative to. */
export interface ComparedJob {
  job: JobInput;
  parent: Parent;
}

/**
 * A field in which two jobs differ, with its path in each of them. The path of what one of them lacks ends at the
 * innermost part that it has.
 */
export interface Difference {
  from: { path: FieldPath; value?: unknown };
  to: { path: FieldPath; value?: unknown };
}

/**
 * The fields in which two jobs differ, in the order of the schema. Names of the jobs, what only the service or a client
 * writes, and the order of lists in which it means nothing do not count, nor do two ways to write the same value.
 */
export function jobDifferences(from: ComparedJob, to: ComparedJob): Difference[] {
  const comparison = new Comparison(from.parent, to.parent);
  comparison.message(JobMessage, { path: [], value: from.job }, { path: [], value: to.job });
  for (const [part, meta] of [
    ['job', jobMeta],
    ['execution', executionMeta],
  ] as const) {
    const acting = ({ job }: ComparedJob): Side => {
      const entries = Object.entries(job.onlyV1?.[part]?.annotations ?? {}).filter(([key]) => withoutField.has(key));
      return { path: [...meta, 'annotations'], value: Object.fromEntries(entries) };
    };
    comparison.map({ kind: 'map', doc: '' }, acting(from), acting(to));
  }
  return comparison.found;
}

/** What records how a job came to be, not what it is. */
const records = new Set(['Job.name', 'Job.etag', ...['Job', 'ExecutionTemplate'].flatMap(clientOf)]);
function clientOf(message: string): string[] {
  return [`${message}.client`, `${message}.clientVersion`];
}
/** Set by gcloud, so that a job gets a new generation. */
const isNonce = (key: string): boolean => key.startsWith('client.knative.dev/');

/** What an unset field means, besides what the API fills in. */
const meanings: Readonly<Record<string, unknown>> = {
  'TaskTemplate.terminationGracePeriod': '10s',
  'EnvVar.value': '',
  'Probe.timeoutSeconds': 1,
  'Probe.periodSeconds': 10,
  'Probe.failureThreshold': 3,
  'HTTPGetAction.path': '/',
  'EmptyDirVolumeSource.medium': 'MEMORY',
  'SecretVolumeSource.defaultMode': 0o444,
  'SecretKeySelector.version': 'latest',
  'VersionToPath.version': 'latest',
  'VpcAccess.egress': 'PRIVATE_RANGES_ONLY',
};

/** By which field the items of a list correspond to each other; others do by their index. */
const keys: Readonly<Record<string, string>> = {
  Container: 'name',
  EnvVar: 'name',
  Volume: 'name',
  VolumeMount: 'mountPath',
  VersionToPath: 'path',
  HTTPHeader: 'name',
};

/** Lists of texts whose order means nothing. */
const unordered = new Set(['Container.dependsOn', 'CloudSqlInstance.instances', 'VpcAccess.NetworkInterface.tags']);

/** Names of other resources, which may be short. */
const references = new Set([
  'SecretKeySelector.secret',
  'SecretVolumeSource.secret',
  'VpcAccess.connector',
  'VpcAccess.NetworkInterface.network',
  'VpcAccess.NetworkInterface.subnetwork',
]);

/** The account of a job that names none, in any project. */
const defaultAccount = /^\d+-compute@developer\.gserviceaccount\.com$/;

interface Side {
  path: FieldPath;
  value: unknown;
}

const at = ({ path, value }: Side, step: string | number): Side => ({
  path: [...path, step],
  value: (value as Record<string | number, unknown> | undefined)?.[step],
});

class Comparison {
  readonly found: Difference[] = [];
  readonly #from: Parent;
  readonly #to: Parent;

  constructor(from: Parent, to: Parent) {
    this.#from = from;
    this.#to = to;
  }

  message(message: Message, from: Side, to: Side): void {
    const oneofs = Object.values(message.oneofs ?? {}).flat();
    for (const [name, field] of Object.entries(message.fields)) {
      const id = `${message.name}.${name}`;
      if (field.output || records.has(id)) continue;
      const before = this.found.length;
      const [mine, yours] = [at(from, name), at(to, name)];
      this.#field(field, id, mine, yours);
      // A type of volume or probe says something even without settings of its own.
      const isSet = oneofs.includes(name) && (mine.value === undefined) !== (yours.value === undefined);
      if (field.kind === 'message' && isSet && before === this.found.length) this.#add(mine, yours);
    }
  }

  #field(field: Field, id: string, from: Side, to: Side): void {
    if (from.value === undefined && to.value === undefined) return;
    switch (field.kind) {
      case 'message':
        return this.message(field.message, from, to);
      case 'list':
        return this.#list(field, id, from, to);
      case 'map':
        return this.map(field, from, to);
      default:
        if (!this.#equal(id, field, from.value ?? meanings[id], to.value ?? meanings[id])) this.#add(from, to);
    }
  }

  #list({ of }: ListField, id: string, from: Side, to: Side): void {
    if (of.kind !== 'message') {
      const items = ({ value = [] }: Side): unknown[] =>
        unordered.has(id) ? (value as string[]).toSorted(byCode) : (value as unknown[]);
      if (!isDeepStrictEqual(items(from), items(to))) this.#add(from, to);
      return;
    }
    const key = keys[of.message.name];
    const [here, there] = [keyed(from, key), keyed(to, key)];
    if (here.size === 1 && there.size === 1 && of.message.name === 'Container') {
      const [[, mine = from] = []] = here;
      const [[, yours = to] = []] = there;
      this.message(of.message, mine, yours);
      return;
    }
    for (const [name, mine] of here) {
      const yours = there.get(name);
      if (yours) this.message(of.message, mine, yours);
      else this.#add(mine, { path: to.path, value: undefined });
    }
    for (const [name, yours] of there) if (!here.has(name)) this.#add({ path: from.path, value: undefined }, yours);
  }

  map({ of }: MapField, from: Side, to: Side): void {
    const names = new Set([from, to].flatMap(({ value }) => Object.keys(value ?? {})));
    for (const name of names) {
      if (isNonce(name)) continue;
      const [mine, yours] = [at(from, name), at(to, name)];
      if (!this.#equal(name, of, mine.value, yours.value)) this.#add(mine, yours);
    }
  }

  #equal(id: string, field: Field | undefined, from: unknown, to: unknown): boolean {
    if (from === to) return true;
    if (typeof from !== 'string' || typeof to !== 'string') return isDeepStrictEqual(from, to);
    if (field?.kind === 'duration') return durationSeconds(from) === durationSeconds(to);
    if (['cpu', 'memory', 'nvidia.com/gpu', 'EmptyDirVolumeSource.sizeLimit'].includes(id)) {
      return parseQuantity(from) === parseQuantity(to);
    }
    if (id === 'TaskTemplate.serviceAccount') return defaultAccount.test(from) && defaultAccount.test(to);
    return references.has(id) && this.#sameResource(from, to);
  }

  #sameResource(from: string, to: string): boolean {
    const [mine, yours] = [resourceNamed(from), resourceNamed(to)];
    if (mine.id !== yours.id) return false;
    if (mine.project === undefined && yours.project === undefined) return true;
    const sameProject = (mine.project ?? this.#from.project) === (yours.project ?? this.#to.project);
    return sameProject && (mine.location ?? yours.location) === (yours.location ?? mine.location);
  }

  #add(from: Side, to: Side): void {
    const side = ({ path, value }: Side): Difference['from'] => ({ path, ...(value !== undefined && { value }) });
    this.found.push({ from: side(from), to: side(to) });
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const byCode = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** The items of a list by their key, and by how often it has occurred before. */
function keyed({ path, value = [] }: Side, key: string | undefined): Map<string, Side> {
  const found = new Map<string, Side>();
  for (const [i, item] of (value as unknown[]).entries()) {
    const name = key !== undefined && isTree(item) ? text(item[key]) : '';
    let nth = 0;
    while (found.has(`${nth} ${name}`)) nth++;
    found.set(`${nth} ${name}`, { path: [...path, i], value: item });
  }
  return found;
}

/** The parts of a resource name or of its address; a short one has an id only. */
function resourceNamed(text: string): { id: string; project?: string | undefined; location?: string | undefined } {
  const [, project, location, id] =
    /^(?:https:\/\/[^/]+\/compute\/[^/]+\/)?projects\/([^/]+)\/(?:(?:locations|regions)\/([^/]+)\/|global\/)?\w+\/([^/]+)$/.exec(
      text,
    ) ?? [];
  return id === undefined ? { id: text } : { id, project, location };
}
