import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../model/errors.js';
import { type JobSource, sourcesIn } from '../model/init/sources.js';
import { maxSpecBytes } from '../model/spec/source-document.js';
import { maxPlanBytes } from '../model/spec/terraform-plan.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** compose reads the first of these. */
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
/** What only a Job of Kubernetes or the output of `terraform show -json` contains. */
const shape = /^\s*["']?apiVersion["']?\s*:\s*["']?batch\/|^\s*\{[^]{0,100000}"format_version"\s*:/m;

const read = (file: string): string | undefined => {
  try {
    return statSync(file).size > maxPlanBytes ? undefined : readFileSync(file, 'utf8');
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
    if (text === undefined || (mayBe && !shape.test(text.slice(0, maxSpecBytes)))) return [];
    try {
      return jobSources(cwd, name, text, variables);
    } catch (error) {
      if (error instanceof StatusError && !isNamed(name)) return [];
      throw error;
    }
  });
}
