import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../model/errors.js';
import { type JobSource, sourcesIn } from '../model/init/sources.js';
import { maxSpecBytes } from '../model/spec/source-document.js';
import { maxPlanBytes } from '../model/spec/terraform-plan.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** compose reads the first of these. */
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
/** Whether a text has what only a Job of Kubernetes or the output of `terraform show -json` contains. */
const mayBeSource = (text: string): boolean =>
  /^[ \t{]*["']?apiVersion["']?[ \t]*:[ \t]*["']?batch\//m.test(text) ||
  (/^\s*\{/.test(text) && text.slice(0, 100_000).includes('"format_version"'));

const read = (file: string): string | undefined => {
  try {
    const is = statSync(file);
    // A pipe would block until something writes to it.
    return is.isFile() && is.size <= maxPlanBytes ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
};

/**
 * What a job can be made of in the text of a file.
 * @param file its name in messages, relative to `cwd`
 * @throws StatusError for a file that is nothing of that kind
 */
export function jobSources(cwd: string, file: string, text: string, variables: Variables): JobSource[] {
  const directory = file === '<stdin>' ? cwd : path.dirname(path.resolve(cwd, file));
  const surroundings = {
    ...{ directory: path.basename(directory), variables },
    read: (name: string) => read(path.resolve(directory, name)),
  };
  return sourcesIn(file, text, surroundings);
}

/** What a job can be made of in a directory, not in those below it. Files that cannot be read as such are passed over. */
export function findJobSources(cwd: string, variables: Variables): JobSource[] {
  const names = readdirSync(cwd).toSorted();
  const compose = composeFiles.find((name) => names.includes(name));
  const isNamed = (name: string): boolean => /^(?:Dockerfile|Containerfile)$/.test(name) || name === compose;
  return names.flatMap((name) => {
    const mayBe = /\.(?:ya?ml|json)$/i.test(name) && !composeFiles.includes(name);
    if (!isNamed(name) && !mayBe) return [];
    const text = read(path.join(cwd, name));
    if (text === undefined || (mayBe && !mayBeSource(text.slice(0, maxSpecBytes)))) return [];
    try {
      return jobSources(cwd, name, text, variables);
    } catch (error) {
      if (error instanceof StatusError && !isNamed(name)) return [];
      throw error;
    }
  });
}
