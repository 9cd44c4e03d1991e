import path from 'node:path';
import { UsageError } from '../errors.js';
import { shortName } from '../names.js';
import { mergedEnv } from '../overrides.js';
import type { Container, EnvVar, Volume } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import { otherType } from './env.js';
import { volumeName } from './job.js';

/** A version of a secret for a variable, or for a file. */
export interface SecretUse {
  /** The variable's name, or the file's absolute path. */
  key: string;
  /** `NAME`, or `projects/NUMBER/secrets/NAME`. */
  secret: string;
  version: string;
}

/** What to do with the secrets of a container; what is not given is left alone. */
export interface SecretsEdit {
  /** Drops all, variables and files, as the first thing. */
  clear?: boolean | undefined;
  /** Variables by name, files by path. */
  remove?: readonly string[] | undefined;
  /** Adds, or puts in place of those of the same key. */
  update?: readonly SecretUse[] | undefined;
}

const isFile = (key: string): boolean => key.startsWith('/');

/** The task with the secrets of one of its containers changed; volumes with secrets that nobody mounts any more go. */
export function withSecrets(task: TaskTemplate, index: number, edit: SecretsEdit): TaskTemplate {
  const { volumes = [] } = task;
  const container = task.containers[index];
  if (!container) return task;
  const files = editedFiles(container, volumes, edit);
  const changed: Container = { ...container, env: editedVariables(container.env, edit), volumeMounts: files.mounts };
  const containers = task.containers.with(index, changed);
  const mounted = new Set(containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  const kept = [...volumes, ...files.volumes].filter(({ name, secret }) => !secret || mounted.has(name));
  return { ...task, containers, volumes: kept };
}

function editedVariables(env: readonly EnvVar[] = [], { clear, remove = [], update = [] }: SecretsEdit): EnvVar[] {
  const kept = env.filter(({ name, valueSource }) => !valueSource || !(clear || remove.includes(name)));
  const added = update.filter(({ key }) => !isFile(key));
  for (const { key } of added) {
    if (kept.some(({ name, valueSource }) => name === key && !valueSource)) throw otherType(key, 'the given type');
  }
  return mergedEnv(
    kept,
    added.map(({ key, secret, version }) => ({ name: key, valueSource: { secretKeyRef: { secret, version } } })),
  );
}

type Mount = NonNullable<Container['volumeMounts']>[number];
type Item = NonNullable<NonNullable<Volume['secret']>['items']>[number];

/** A directory with files out of one secret. */
interface Directory {
  secret: string;
  items: Item[];
  defaultMode?: number | undefined;
}

/**
 * The mounts of a container after the edit, and the volumes that they need besides those that are there. A directory
 * that does not change keeps its volume; one that does gets a new one, since others may mount the old one.
 */
function editedFiles(
  container: Container,
  volumes: readonly Volume[],
  { clear, remove = [], update = [] }: SecretsEdit,
): { mounts: Mount[]; volumes: Volume[] } {
  const mounts: Mount[] = [];
  const directories = new Map<string, Directory>();
  const unchanged = new Map<string, Mount>();
  for (const mount of container.volumeMounts ?? []) {
    const secret = volumes.find(({ name }) => name === mount.name)?.secret;
    if (!secret) mounts.push(mount);
    else if (!clear) {
      const all = secret.items?.length ? secret.items : [{ path: shortName(secret.secret), version: 'latest' }];
      const items = all.filter((item) => !remove.includes(path.posix.join(mount.mountPath, item.path)));
      if (items.length === all.length) unchanged.set(mount.mountPath, mount);
      if (items.length > 0) directories.set(mount.mountPath, { ...secret, items });
    }
  }
  for (const { key, secret, version } of update.filter((use) => isFile(use.key))) {
    const where = path.posix.dirname(key);
    const file = { path: path.posix.basename(key), version };
    const before = directories.get(where);
    const others = before?.items.filter((item) => item.path !== file.path) ?? [];
    if (before && others.length > 0 && before.secret !== secret) {
      throw new UsageError(
        `Multiple secrets are specified for directory [${where}]. Cloud Run only supports one secret per directory`,
      );
    }
    const same = before?.secret === secret ? before.items.find((item) => item.path === file.path) : undefined;
    if (same?.version === version) continue;
    const items =
      same && before ? before.items.map((item) => (item === same ? { ...same, version } : item)) : [...others, file];
    directories.set(where, before?.secret === secret ? { ...before, items } : { secret, items });
    unchanged.delete(where);
  }
  const added: Volume[] = [];
  for (const [mountPath, secret] of directories) {
    const kept = unchanged.get(mountPath);
    if (kept) {
      mounts.push(kept);
      continue;
    }
    const name = volumeName(shortName(secret.secret), `${container.name ?? ''}:${mountPath}:${JSON.stringify(secret)}`);
    if (!volumes.some((volume) => volume.name === name)) added.push({ name, secret });
    mounts.push({ name, mountPath });
  }
  return { mounts, volumes: added };
}

/**
 * gcloud's `KEY=SECRET:VERSION`: a variable, or a file if KEY is an absolute path. A secret of another project is
 * `projects/NUMBER/secrets/NAME`, with `:VERSION` or `/versions/VERSION`, or without for the latest.
 * @throws UsageError
 */
export function parseSecretUse(key: string, text: string): SecretUse {
  if (isFile(key)) {
    const segments = key.slice(1).split('/');
    if (segments.length < 2 || segments.some((segment) => ['', '.', '..'].includes(segment))) {
      throw new UsageError(`Mount path [${key}] must be in the form /<mountPath>/<path>`);
    }
  }
  const foreign = /^(projects\/\d+\/secrets\/[\w-]{1,255})(?:(?::|\/versions\/)([^:/]+))?$/.exec(text);
  if (foreign) return { key, secret: foreign[1] ?? '', version: foreign[2] ?? 'latest' };
  const [secret = '', version, ...more] = text.split(':');
  if (!/^[\w-]{1,255}$/.test(secret) || more.length > 0) {
    throw new UsageError(
      `'${more.length > 0 ? text : secret}' is not a valid secret name.`,
      'write KEY=SECRET:VERSION; the secret of another project as projects/NUMBER/secrets/NAME:VERSION',
    );
  }
  if (!version) {
    throw new UsageError(
      `No secret version specified for ${secret}. Use ${secret}:latest to reference the latest version.`,
    );
  }
  return { key, secret, version };
}
