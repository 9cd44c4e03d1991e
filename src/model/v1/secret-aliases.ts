import type { JobInput, TaskTemplate } from '../schema/job.js';
import type { FieldPath } from '../field-path.js';
import type { Tree } from './convert.js';
import { splitList } from './mapping.js';

/**
 * v1 refers to secrets of other projects by aliases, which an annotation defines:
 * `ALIAS:projects/PROJECT/secrets/SECRET`, separated by commas. v2 uses their full names.
 */
export function readAliases(text: string): { aliases: Map<string, string>; wrong: string[] } {
  const aliases = new Map<string, string>();
  const wrong: string[] = [];
  for (const item of splitList(text)) {
    const [, alias, name] = /^\s*([^:\s]+):(projects\/[^/\s]+\/secrets\/[^/\s]+)\s*$/.exec(item) ?? [];
    if (alias && name) aliases.set(alias, name);
    else wrong.push(item);
  }
  return { aliases, wrong };
}

/** Every reference to a secret in a v2 task template, with the path of the name. */
export function secretsOf(template: Tree): { holder: Tree; path: FieldPath }[] {
  const { containers, volumes = [] } = template as unknown as JobInput['template']['template'];
  return [
    ...containers.flatMap(({ env = [] }, i) =>
      env.flatMap(({ valueSource }, k) => {
        const holder = valueSource?.secretKeyRef;
        return holder ? [{ holder, path: ['containers', i, 'env', k, 'valueSource', 'secretKeyRef', 'secret'] }] : [];
      }),
    ),
    ...volumes.flatMap(({ secret }, i) =>
      secret ? [{ holder: secret, path: ['volumes', i, 'secret', 'secret'] }] : [],
    ),
  ];
}

/**
 * Replaces the full names of other projects' secrets with aliases, and returns the annotation that defines them.
 * Aliases in `written` are reused.
 */
export function takeSecretNames(template: TaskTemplate, written = ''): string | undefined {
  const holders = secretsOf(template as unknown as Tree).map(({ holder }) => holder as { secret: string });
  const foreign = (name: string): RegExpExecArray | null => /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(name);
  const taken = new Set(holders.filter(({ secret }) => !foreign(secret)).map(({ secret }) => secret));
  const known = [...readAliases(written).aliases];
  // An alias equal to the name of a secret in the job's own project would hide that secret.
  const aliases = new Map(known.filter(([alias]) => !taken.has(alias)).map(([alias, name]) => [name, alias]));
  let annotation = known.every(([alias]) => !taken.has(alias)) ? written : undefined;
  for (const holder of holders) {
    const [, project = '', secret = ''] = foreign(holder.secret) ?? [];
    if (!secret) continue;
    let alias = aliases.get(holder.secret);
    if (alias === undefined) annotation = undefined;
    for (let i = 1; alias === undefined; i++) {
      const candidate = `${secret}-of-${project.replaceAll(/[^\w-]/g, '-')}${i > 1 ? `-${i}` : ''}`;
      if (!taken.has(candidate) && ![...aliases.values()].includes(candidate)) alias = candidate;
    }
    aliases.set(holder.secret, alias);
    holder.secret = alias;
  }
  if (annotation) return annotation;
  return aliases.size > 0 ? [...aliases].map(([name, alias]) => `${alias}:${name}`).join(',') : undefined;
}
