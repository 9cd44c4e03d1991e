import { createHash } from 'node:crypto';
import path from 'node:path';
import { shortName } from '../../../model/names.js';
import type { AttemptId, Handle, Owner, Remnant } from '../../port.js';

/**
 * The labels of everything that localrun creates. `home` distinguishes state directories that share a container engine.
 */
export const labels = {
  home: 'dev.localrun.home',
  execution: 'dev.localrun.execution',
  task: 'dev.localrun.task',
  attempt: 'dev.localrun.attempt',
  sandbox: 'dev.localrun.sandbox',
  shell: 'dev.localrun.shell',
} as const;

/** A short, stable name for a state directory, as a label value. */
export const homeLabel = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 12);

/** The labels that select everything of an owner. */
export const ownerLabels = ({ home, execution }: Owner): Record<string, string> => ({
  [labels.home]: homeLabel(home),
  ...(execution !== undefined && { [labels.execution]: execution }),
});

/** The labels of everything that belongs to an attempt alone. */
export const attemptLabels = (owner: Owner, { task, attempt }: AttemptId): Record<string, string> => ({
  ...ownerLabels(owner),
  [labels.task]: String(task),
  [labels.attempt]: String(attempt),
});

/** Where an attempt is in the container engine. */
export interface Place {
  /** The name of the main container. The names of everything else that belongs to the attempt alone begin with it. */
  container: string;
  /** The name of the sandbox that the containers join. */
  sandbox?: string | undefined;
}

/** The version of the handle's format. */
const version = 1;

export const handleOf = ({ container, sandbox }: Place): Handle => JSON.stringify({ version, container, sandbox });

/** @throws Error for a handle of another runtime, or of another version of this one */
export function placeOf(handle: Handle): Place {
  const { version: made, ...place } = JSON.parse(handle) as Place & { version: number };
  if (made !== version) throw new Error(`cannot read the place of an attempt: ${handle}`);
  return place;
}

/** The beginning of the names of all containers of an execution's attempts. */
export const containerPrefix = (execution: string): string => `localrun-${shortName(execution)}-task`;

export const containerName = (execution: string, { task, attempt }: AttemptId): string =>
  `${containerPrefix(execution)}${task}-attempt${attempt}`;

/** A container of an attempt, by its place among them and its name there. */
export const memberName = (
  { container }: Place,
  { name, index, main }: { name: string; index: number; main: boolean },
): string => (main ? container : `${container}-${index}-${name}`);

/** The container that a shell in an attempt needs. */
export const shellName = ({ container }: Place, id: string): string => `${container}-shell-${id}`;

/** Whether a container is there for a shell, by its name. */
export const isForShell = (name: string): boolean => /-attempt\d+-shell-[\da-f]+(?:-toolbox)?$/.test(name);

/** A sandbox that the attempts of a slot use in turn. */
export const sandboxName = (execution: string, number: number): string =>
  `localrun-${shortName(execution)}-sandbox${number}`;

/** Matches the names of everything that an execution has in the engine, wherever they occur. */
export const namesOf = (execution: string): RegExp =>
  new RegExp(String.raw`\blocalrun-${shortName(execution)}-(?:task|sandbox)\d`);

/** Returns a function that says by name whether a container, sandbox or volume belongs to one of these attempts. */
export function belongsTo(attempts: readonly Handle[]): (remnant: Pick<Remnant, 'name'>) => boolean {
  const own = new Set(attempts.map(placeOf).flatMap(({ container, sandbox = '' }) => [container, sandbox]));
  return ({ name }) => own.has(name) || own.has(/^(.*-task\d+-attempt\d+)-/.exec(name)?.[1] ?? name);
}

/** The part of an execution's directory that belongs to an attempt. */
export const attemptDirectory = (directory: string, { container }: Place): string =>
  path.join(directory, container.slice(container.lastIndexOf('-task') + 1));

/** The part for the sockets of Cloud SQL instances. It is short, because the paths of sockets must be. */
export const socketDirectory = (directory: string): string => path.join(directory, 'cloudsql');
