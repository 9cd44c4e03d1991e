import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import dockerignore from '@balena/dockerignore';
import gitignore from 'ignore';

/** Says of a path below a directory whether it is left out. */
export type Ignores = (below: string, isDirectory: boolean) => boolean;

/** The files of a directory that are left out, and the file in it that says so. */
export interface LeftOut {
  by: string;
  ignores: Ignores;
}

/** What gcloud leaves out of a directory under version control that has no .gcloudignore. */
const unversioned = ['.gcloudignore', '.git', '.gitignore'];

/**
 * What gcloud does not upload of a source directory, by its .gcloudignore, or else by its .gitignore, which leaves out
 * .git even if it does not exist. Undefined if gcloud uploads everything.
 */
export function notUploaded(directory: string): LeftOut | undefined {
  const own = linesOf(directory, '.gcloudignore');
  const versioned = ['.git', '.gitignore'].some((name) => existsSync(path.join(directory, name)));
  const lines = own ?? (versioned ? [...unversioned, '#!include:.gitignore'] : undefined);
  if (!lines) return undefined;
  const by = own ? '.gcloudignore' : '.gitignore';
  const included = lines.flatMap((line) => {
    const [, name] = /^#\s*!include:([^/]+)$/.exec(line) ?? [];
    return name === undefined ? [line] : (linesOf(directory, name) ?? []);
  });
  const rules = gitignore().add(included);
  return { by, ignores: (below, isDirectory) => rules.ignores(posix(below) + (isDirectory ? '/' : '')) };
}

/**
 * What an image does not depend on: what its .dockerignore leaves out. A directory with exceptions in it stays, and what
 * decides about the build always does.
 */
export function notInImage(directory: string): Ignores {
  const lines = linesOf(directory, '.dockerignore') ?? [];
  const rules = dockerignore.default().add(lines);
  const exceptions = lines.flatMap((line) => (line.startsWith('!') ? path.posix.normalize(line.slice(1).trim()) : []));
  const mayHold = (below: string): boolean =>
    exceptions.some((exception) => {
      const [start = ''] = exception.replace(/^\//, '').split(/[*?[\\]/, 1);
      return start.startsWith(`${below}/`) || below.startsWith(start);
    });
  return (below, isDirectory) => {
    const name = posix(below);
    if (name === 'Dockerfile' || name === '.dockerignore') return false;
    if (name === '.git' || name.startsWith('.git/')) return true;
    return rules.ignores(name) && !(isDirectory && mayHold(name));
  };
}

const posix = (below: string): string => below.split(path.sep).join('/');

function linesOf(directory: string, name: string): string[] | undefined {
  try {
    return readFileSync(path.join(directory, name), 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
}
