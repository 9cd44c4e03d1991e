import { createHash } from 'node:crypto';
import path from 'node:path';
import { shortName } from '../../../model/names.js';
import type { AttemptId, Handle, Owner, Remnant } from '../../port.js';

/** The labels of everything that we make. `home` tells apart state directories that share a container engine. */
export const labels = {
  home: 'dev.localrun.home',
  execution: 'dev.localrun.execution',
  task: 'dev.localrun.task',
  attempt: 'dev.localrun.attempt',
  sandbox: 'dev.localrun.sandbox',
} as const;

/** A short, stable name for a state directory, as a label value. */
export const homeLabel = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 12);

/** The labels by which everything of an owner is found. */
export const ownerLabels = ({ home, execution }: Owner): Record<string, string> => ({
  [labels.home]: homeLabel(home),
  ...(execution !== undefined && { [labels.execution]: execution }),
});

/** Where an attempt is in the container engine. */
export interface Place {
  /** The name of the main container; the names of everything else that belongs to the attempt alone begin with it. */
  container: string;
  /** The name of the sandbox that the containers join. */
  sandbox?: string | undefined;
}

/** The version of what a handle says. */
const version = 1;

export const handleOf = ({ container, sandbox }: Place): Handle => JSON.stringify({ version, container, sandbox });

/** @throws Error for a handle that another runtime, or another version of this one, has made */
export function placeOf(handle: Handle): Place {
  const { version: made, ...place } = JSON.parse(handle) as Place & { version: number };
  if (made !== version) throw new Error(`cannot read the place of an attempt: ${handle}`);
  return place;
}

export const containerName = (execution: string, { task, attempt }: AttemptId): string =>
  `localrun-${shortName(execution)}-task${task}-attempt${attempt}`;

/** A sandbox that a slot lends to its attempts. */
export const sandboxName = (execution: string, number: number): string =>
  `localrun-${shortName(execution)}-sandbox${number}`;

/** The names of all that an execution has in the engine, wherever they occur. */
export const namesOf = (execution: string): RegExp =>
  new RegExp(String.raw`\blocalrun-${shortName(execution)}-(?:task|sandbox)\d`);

/** Tells by its name whether a container, sandbox or volume belongs to one of these attempts. */
export function belongsTo(attempts: readonly Handle[]): (remnant: Pick<Remnant, 'name'>) => boolean {
  const own = new Set(attempts.map(placeOf).flatMap(({ container, sandbox = '' }) => [container, sandbox]));
  return ({ name }) => own.has(name) || own.has(/^(.*-task\d+-attempt\d+)-/.exec(name)?.[1] ?? name);
}

/** Of an execution's directory, the part that belongs to an attempt. */
export const attemptDirectory = (directory: string, { container }: Place): string =>
  path.join(directory, container.slice(container.lastIndexOf('-task') + 1));

/** And that of the sockets that stand for Cloud SQL instances; short, as the names of sockets have to be. */
export const socketDirectory = (directory: string): string => path.join(directory, 'cloudsql');
