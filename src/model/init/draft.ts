import { isDeepStrictEqual } from 'node:util';
import type { FieldPath } from '../field-path.js';
import { distinctName, jobIdLike } from '../names.js';
import { toCommentedYaml } from '../spec/write-yaml.js';
import { get, put, type Tree } from '../v1/convert.js';
import { executionMeta, jobMeta, taskSpec } from '../v1/mapping.js';
import { isReservedVariable } from '../validation/containers.js';
import { type Size, sizeText, fittedSize } from './sizes.js';

export const executionSpec: FieldPath = ['spec', 'template', 'spec'];
export { executionMeta, jobMeta, taskSpec };

/** Something of a source that the job does not have. */
interface LeftOut {
  what: string;
  why: string;
  place: string | undefined;
}

/** Where a variable has its value from. */
export type VariableValue = { value: string } | { secret: string };

/**
 * A job that is being made of something else: its fields in v1, what each of them was taken from, and what could not be
 * carried over.
 */
export class Draft {
  readonly #name: string | undefined;
  readonly #job: Tree = {};
  readonly #containers: Tree[] = [];
  readonly #volumes: Tree[] = [];
  readonly #sizes = new Map<number, Size>();
  readonly #comments: { at: FieldPath; text: string }[] = [];
  readonly #left: LeftOut[] = [];
  readonly #notes: string[] = [];
  readonly #secrets = new Set<string>();
  /** The directory that its image is built from. */
  #built: string | undefined;

  /** @param name what the source calls it */
  constructor(name: string | undefined) {
    this.#name = name;
  }

  /** The job id that is closest to the name in the source. */
  get id(): string | undefined {
    return jobIdLike(this.#name ?? '');
  }

  /** The secrets that the job refers to. */
  get secrets(): string[] {
    return [...this.#secrets];
  }

  put(at: FieldPath, value: unknown, comment?: string): void {
    put(this.#job, at, value);
    if (comment !== undefined) this.comment(at, comment);
  }

  comment(at: FieldPath, text: string): void {
    this.#comments.push({ at, text });
  }

  /** Adds a sentence to the head of the file. */
  note(text: string): void {
    this.#notes.push(text);
  }

  leaveOut(what: string, why: string, place?: string): void {
    this.#left.push({ what, why, place });
  }

  /** Adds a container and returns its number. @param name only needed where there are several */
  addContainer(name?: string): number {
    const taken = new Set(this.#containers.map((one) => one['name']));
    const like = name === undefined || distinctName.test(name) ? name : jobIdLike(name);
    this.#containers.push(like === undefined || taken.has(like) ? {} : { name: like });
    return this.#containers.length - 1;
  }

  /** Sets a field of a container. */
  set(container: number, field: string, value: unknown, comment?: string): void {
    const holder = this.#containers[container];
    if (holder) holder[field] = value;
    if (comment !== undefined) this.comment([...taskSpec, 'containers', container, field], comment);
  }

  addVariable(container: number, name: string, from: VariableValue, comment?: string): void {
    if (isReservedVariable(name)) return this.leaveOut(`the variable ${name}`, 'Cloud Run sets it itself', comment);
    if (name === '' || /[=\0]/.test(name))
      return this.leaveOut(`the variable ${name}`, 'it has no valid name', comment);
    if ('value' in from && Buffer.byteLength(from.value) > 32_768) {
      return this.leaveOut(`the variable ${name}`, 'its value is longer than 32768 bytes', comment);
    }
    const holder = this.#containers[container];
    const env = ((holder ?? {})['env'] ?? []) as Tree[];
    if (holder) holder['env'] = env;
    const found = env.findIndex((one) => one['name'] === name);
    const index = found < 0 ? env.length : found;
    if ('secret' in from) this.#secrets.add(from.secret);
    env[index] = {
      name,
      ...('value' in from ? from : { valueFrom: { secretKeyRef: { name: from.secret, key: 'latest' } } }),
    };
    const at = [...taskSpec, 'containers', container, 'env', index];
    const before = this.#comments.findIndex((one) => isDeepStrictEqual(one.at, at));
    if (before >= 0) this.#comments.splice(before, 1);
    if (comment !== undefined) this.comment(at, comment);
  }

  /** The CPUs and bytes of memory that a container should have; what Cloud Run offers is chosen at the end. */
  setSize(container: number, size: Size): void {
    this.#sizes.set(container, { ...this.#sizes.get(container), ...size });
  }

  /** Adds a volume and returns its name, which is unique. */
  addVolume(name: string, source: Tree, comment?: string): string {
    // A volume of that name is one of Cloud SQL.
    const taken = new Set(['cloudsql', ...this.#volumes.map((one) => one['name'])]);
    const like = jobIdLike(name) ?? 'volume';
    let unique = like;
    for (let i = 2; taken.has(unique); i++) unique = `${like}-${i}`;
    this.#volumes.push({ name: unique, ...source });
    const { secretName } = (source['secret'] ?? {}) as { secretName?: string };
    if (secretName !== undefined) this.#secrets.add(secretName);
    if (comment !== undefined) this.comment([...taskSpec, 'volumes', this.#volumes.length - 1], comment);
    return unique;
  }

  /** The image is built from a directory, by its Dockerfile. */
  buildFrom(directory: string): void {
    this.#built = directory;
  }

  /** The flags that a run needs. */
  get runFlags(): string[] {
    return this.#built === undefined ? [] : ['--build', this.#built];
  }

  useSecret(name: string): void {
    this.#secrets.add(name);
  }

  isSecretVolume(name: string): boolean {
    return this.#volumes.some((one) => one['name'] === name && one['secret'] !== undefined);
  }

  /** Mounts a volume, or says that nothing can be mounted at this path. */
  mount(
    container: number,
    mount: { name: string; mountPath: string; subPath?: string | undefined },
    place?: string,
  ): void {
    const holder = this.#containers[container] ?? {};
    const { name, mountPath, subPath } = mount;
    if (!canMountAt(mountPath)) {
      return this.leaveOut(`the mount at ${mountPath}`, 'Cloud Run mounts nothing there', place);
    }
    const mounts = (holder['volumeMounts'] ?? []) as Tree[];
    holder['volumeMounts'] = [...mounts, { name, mountPath, ...(subPath && { subPath }) }];
  }

  /**
   * The job as a YAML file.
   * @param head the first lines, which become comments
   */
  toYaml(id: string, head: readonly string[]): string {
    this.#fillIn();
    const job = { apiVersion: 'run.googleapis.com/v1', kind: 'Job', ...this.#job };
    const metadata = { name: id, ...(this.#job['metadata'] as Tree | undefined) };
    return toCommentedYaml(ordered({ ...job, metadata }), this.#comments, [
      ...head,
      ...this.#notes,
      ...(this.#left.length > 0 ? ['', 'Left out:'] : []),
      ...this.#left.map(({ what, why, place }) => `- ${what}${place ? ` (${place})` : ''}: ${why}`),
    ]);
  }

  /** Sizes, and what the source does not say. */
  #fillIn(): void {
    const alone = this.#containers.length === 1;
    this.#containers.forEach((container, i) => {
      const asked = this.#sizes.get(i) ?? {};
      const size = fittedSize(asked, alone || i === 0);
      const limits = sizeText(size);
      container['resources'] = { limits };
      for (const limit of ['cpu', 'memory'] as const) {
        const at = [...taskSpec, 'containers', i, 'resources', 'limits', limit];
        const from = asked[`${limit}From`];
        const isFitted = from !== undefined && size[limit] !== asked[limit];
        this.comment(at, `${from ?? 'default'}${isFitted ? '; what Cloud Run offers for that' : ''}`);
      }
    });
    if (this.#containers.length > 0) put(this.#job, [...taskSpec, 'containers'], this.#containers);
    if (this.#volumes.length > 0) put(this.#job, [...taskSpec, 'volumes'], this.#volumes);
    this.#default([...executionSpec, 'taskCount'], 1);
    this.#default([...taskSpec, 'maxRetries'], 3);
    this.#default([...taskSpec, 'timeoutSeconds'], 600);
  }

  #default(at: FieldPath, value: number): void {
    if (get(this.#job, at) === undefined) this.put(at, value, 'default');
  }
}

/** Whether Cloud Run mounts volumes there. */
export const canMountAt = (mountPath: string): boolean =>
  mountPath.startsWith('/') &&
  mountPath !== '/' &&
  !mountPath.includes(':') &&
  !/^\/(?:dev|proc|sys)(?:\/|$)/.test(mountPath);

/** A name as that of a secret: letters, digits, - and _. */
export const secretNameLike = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 255) || 'secret';

/** Whether a variable of this name usually holds a secret. */
export const soundsSecret = (name: string): boolean =>
  /(?:^|_|PG)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRETS?|TOKEN|API_?KEY|KEY|PRIVATE|CREDENTIALS?|DSN|PAT|WEBHOOK|CONNECTION_?STRING)\d*(?:$|_)/i.test(
    name.replaceAll(/([a-z])(?=[A-Z])/g, '$1_'),
  ) && !/(?:PUBLIC|(?<!WEBHOOK)_(?:NAME|ID|FILE|PATH|DIR|URL|HOST|PORT|USER|COUNT|TTL|VERSION)$)/i.test(name);

/** What holds a secret whatever its name is: the password of an address or of a connection string, a private key. */
const secretText =
  /:\/\/[^\s/?#@]*:[^\s/?#@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|(?:^|[;?&\s])(?:password|pwd|accountkey|sharedaccesskey|secret|token)=[^;&\s]/i;

/** Whether a variable holds a secret by its name or its value. */
export const isSecret = (name: string, value: string | undefined): boolean =>
  soundsSecret(name) || (value !== undefined && secretText.test(value));

/** The order in which people write the fields of a job. */
const order = [
  ...['apiVersion', 'kind', 'metadata', 'name', 'namespace', 'labels', 'annotations'],
  ...['image', 'command', 'args', 'workingDir', 'env', 'resources', 'volumeMounts', 'startupProbe'],
  ...['parallelism', 'taskCount', 'containers', 'volumes', 'serviceAccountName', 'maxRetries', 'timeoutSeconds'],
  ...['template', 'spec'],
];

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.indexOf('template') - 0.5);
  const entries = Object.entries(value as Tree).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => rank(a) - rank(b)).map(([key, inner]) => [key, ordered(inner)]),
  );
}
