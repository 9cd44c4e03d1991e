import path from 'node:path';
import { StatusError } from '../errors.js';
import { shortName } from '../names.js';
import { mergedEnv } from '../overrides.js';
import type { Container, EnvVar, Volume } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import { otherType } from './env.js';
import { volumeName } from './job.js';

/** A secret version for a variable or a file. */
export interface SecretUse {
  /** The variable's name, or the file's absolute path. */
  key: string;
  /** `NAME`, or `projects/NUMBER/secrets/NAME`. */
  secret: string;
  version: string;
}

/** Changes to the secrets of a container. Absent properties change nothing. */
export interface SecretsEdit {
  /** Removes all variables and files with secrets, before everything else. */
  clear?: boolean | undefined;
  /** Variables by name, files by path. */
  remove?: readonly string[] | undefined;
  /** Adds entries, or replaces those with the same key. */
  update?: readonly SecretUse[] | undefined;
}

const isFile = (key: string): boolean => key.startsWith('/');

/**
 * The task with changes to the secrets of one container. When files change, secret volumes without a mount are removed.
 * @throws StatusError INVALID_ARGUMENT for a conflict with what the container has
 */
export function withSecrets(task: TaskTemplate, index: number, edit: SecretsEdit): TaskTemplate {
  const container = task.containers[index];
  if (!container) return task;
  const changed: Container = { ...container, env: editedVariables(container.env, edit) };
  const { clear, remove = [], update = [] } = edit;
  if (!clear && ![...remove, ...update.map(({ key }) => key)].some(isFile)) {
    return { ...task, containers: task.containers.with(index, changed) };
  }
  const others = task.containers.filter((_, i) => i !== index).flatMap(({ volumeMounts = [] }) => volumeMounts);
  const { mounts, volumes } = editedFiles(container, others, task.volumes ?? [], edit);
  const containers = task.containers.with(index, { ...changed, volumeMounts: mounts });
  const mounted = new Set([...mounts, ...others].map(({ name }) => name));
  return { ...task, containers, volumes: volumes.filter(({ name, secret }) => !secret || mounted.has(name)) };
}

function editedVariables(env: readonly EnvVar[] = [], { clear, remove = [], update = [] }: SecretsEdit): EnvVar[] {
  const kept = env.filter(({ name, valueSource }) => !valueSource || !(clear || remove.includes(name)));
  const added = update.filter(({ key }) => !isFile(key));
  for (const { key } of added) {
    if (kept.some(({ name, valueSource }) => name === key && !valueSource)) {
      throw otherType(key, 'the given type', `remove the literal in the same command: --remove-env-vars=${key}`);
    }
  }
  return mergedEnv(
    kept,
    added.map(({ key, secret, version }) => ({ name: key, valueSource: { secretKeyRef: { secret, version } } })),
  );
}

type Mount = NonNullable<Container['volumeMounts']>[number];
type Files = NonNullable<Volume['secret']>;
type Item = NonNullable<Files['items']>[number];

/**
 * The mounts of a container after the edit, and all volumes, edited as gcloud does: a directory keeps its volume unless
 * another mount uses it too, and new files come first in it.
 */
function editedFiles(
  container: Container,
  others: readonly Mount[],
  before: readonly Volume[],
  { clear, remove = [], update = [] }: SecretsEdit,
): { mounts: Mount[]; volumes: Volume[] } {
  const volumes = [...before];
  const filesOf = (mount: Mount): Files | undefined => volumes.find(({ name }) => name === mount.name)?.secret;
  const mounts = (container.volumeMounts ?? []).filter((mount) => !clear || !filesOf(mount));
  const added = (where: string, secret: Files): Mount => {
    const content = `${container.name ?? ''}:${where}:${JSON.stringify(secret)}`;
    const name = unusedName(volumeName(shortName(secret.secret), content), volumes);
    volumes.push({ name, secret });
    return { name, mountPath: where };
  };
  const put = (index: number, mount: Mount, secret: Files): void => {
    const sharing = [...others, ...mounts].filter(({ name }) => name === mount.name).length > 1;
    if (sharing) mounts[index] = { ...mount, ...added(mount.mountPath, secret) };
    else volumes[volumes.findIndex(({ name }) => name === mount.name)] = { name: mount.name, secret };
  };
  const at = (where: string): number => mounts.findIndex(({ mountPath }) => mountPath === where);

  for (const file of clear ? [] : remove.filter(isFile)) {
    const index = at(path.posix.dirname(file));
    const mount = mounts[index];
    const secret = mount && filesOf(mount);
    if (!mount || !secret) continue;
    const items = secret.items?.filter((item) => item.path !== path.posix.basename(file)) ?? [];
    if (items.length === 0) mounts.splice(index, 1);
    else put(index, mount, { ...secret, items });
  }
  // The names of volumes without a mount become free.
  const mounted = new Set([...mounts, ...others].map(({ name }) => name));
  volumes.splice(0, Infinity, ...volumes.filter(({ name, secret }) => !secret || mounted.has(name)));
  for (const [where, wanted] of directories(update)) {
    const index = at(where);
    const mount = mounts[index];
    if (!mount) {
      mounts.push(added(where, wanted));
      continue;
    }
    const current = filesOf(mount);
    if (!current) {
      const message = `Cannot update mount [${where}] because its mounted volume is of a different source type.`;
      const fix = `mount the secret elsewhere, or remove the mount first: --remove-volume-mount=${where}`;
      throw new StatusError('INVALID_ARGUMENT', message, { fix });
    }
    const rest = current.items?.filter(({ path: name }) => !wanted.items.some((item) => item.path === name)) ?? [];
    if (current.secret !== wanted.secret && rest.length > 0) throw severalSecrets(where);
    put(index, mount, { ...wanted, items: [...wanted.items, ...rest] });
  }
  return { mounts, volumes };
}

/** New files by directory. @throws StatusError INVALID_ARGUMENT */
function directories(update: readonly SecretUse[]): Map<string, Files & { items: Item[] }> {
  const result = new Map<string, Files & { items: Item[] }>();
  for (const { key, secret, version } of update.filter((use) => isFile(use.key))) {
    const where = path.posix.dirname(key);
    const files = result.get(where) ?? { secret, items: [] };
    if (files.secret !== secret) throw severalSecrets(where);
    files.items.push({ path: path.posix.basename(key), version });
    result.set(where, files);
  }
  return result;
}

const severalSecrets = (where: string): StatusError =>
  new StatusError(
    'INVALID_ARGUMENT',
    `Multiple secrets are specified for directory [${where}]. Cloud Run only supports one secret per directory`,
  );

function unusedName(name: string, volumes: readonly Volume[]): string {
  let unused = name;
  for (let i = 2; volumes.some((volume) => volume.name === unused); i++) unused = `${name}-${i}`;
  return unused;
}

/**
 * gcloud's `KEY=SECRET:VERSION`: a variable, or a file if KEY is an absolute path. A secret of another project is
 * `projects/NUMBER/secrets/NAME`, with `:VERSION` or `/versions/VERSION`, or without for the latest version.
 * @throws StatusError INVALID_ARGUMENT
 */
export function parseSecretUse(key: string, text: string): SecretUse {
  if (isFile(key)) {
    const segments = key.slice(1).split('/');
    if (segments.length < 2 || segments.some((segment) => ['', '.', '..'].includes(segment))) {
      throw new StatusError('INVALID_ARGUMENT', `Mount path [${key}] must be in the form /<mountPath>/<path>`);
    }
  }
  const foreign = /^(projects\/\d+\/secrets\/[\w-]{1,255})(?:(?::|\/versions\/)([^:/]+))?$/.exec(text);
  if (foreign) return { key, secret: foreign[1] ?? '', version: foreign[2] ?? 'latest' };
  const [secret = '', version, ...more] = text.split(':');
  if (!/^[\w-]{1,255}$/.test(secret) || more.length > 0) {
    throw new StatusError('INVALID_ARGUMENT', `'${more.length > 0 ? text : secret}' is not a valid secret name.`, {
      fix: 'write KEY=SECRET:VERSION; for a secret of another project, projects/NUMBER/secrets/NAME:VERSION',
    });
  }
  if (!version) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `No secret version specified for ${secret}. Use ${secret}:latest to reference the latest version.`,
    );
  }
  return { key, secret, version };
}
