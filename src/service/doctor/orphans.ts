import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runDirectory } from '../../engine/leftovers.js';
import { suggest } from '../../model/errors.js';
import { keptAttempts } from '../../model/kept-containers.js';
import type { AttemptRuntime } from '../../runtime/port.js';
import type { Store } from '../../store/store.js';
import { amount, type DoctorDeps, type Mendable } from './check.js';

/** What decides whether a container or directory is an orphan. */
export type Records = Pick<Store, 'openExecutions' | 'findExecution' | 'remains' | 'settings' | 'attempts'>;

/** The most names in a finding. */
const named = 5;

/**
 * What the runtime holds for this state directory that belongs to no running execution and is not kept on request. The
 * runtime is asked before the store, so that an execution that begins in the meantime does not count.
 */
export async function runtimeOrphans(
  { name, what }: { name: string; what: string },
  home: string,
  runtime: AttemptRuntime,
  records: Records,
): Promise<Mendable> {
  const all = await runtime.list({ home });
  const open = all.length > 0 ? records.openExecutions() : [];
  const used = await Promise.all(open.map((execution) => runtime.list({ home, execution })));
  const inUse = new Set(used.flat().map(({ name: used }) => used));
  const kept = all.length > 0 ? keepers(records).flatMap((execution) => keptAttempts(records, execution)) : [];
  const isKept = runtime.belongsTo(kept.map(({ handle }) => handle));
  const orphans = all.filter((remnant) => !inUse.has(remnant.name) && !isKept(remnant));
  return finding(
    name,
    orphans.map((orphan) => orphan.name),
    `${what} of executions that have ended`,
    () => runtime.discard(orphans),
  );
}

/** The directories of executions that have ended, or that are not in the store. */
export function directoryOrphans({ home }: DoctorDeps, records: Records): Mendable {
  const runs = entries(path.join(home, 'run'));
  const logs = entries(path.join(home, 'logs'))
    .flatMap(entries)
    .flatMap(entries)
    .filter((directory) => {
      const [id = '', location = '', project = ''] = directory.split(path.sep).toReversed();
      return !records.findExecution(project, location, id);
    });
  const keeping = runs.length > 0 ? keepers(records) : [];
  const used = [...records.openExecutions(), ...keeping].map((execution) => runDirectory(home, execution));
  return finding(
    'directory orphans',
    [...without(runs, used), ...logs],
    'directories of executions that are gone',
    () => {
      for (const directory of [...without(runs, used), ...logs]) rmSync(directory, { recursive: true, force: true });
    },
  );
}

/** The ended executions with kept containers. */
const keepers = (records: Records): string[] =>
  records
    .remains()
    .flatMap(({ kind, name }) => (kind === 'execution' && keptAttempts(records, name).length > 0 ? [name] : []));

function finding(name: string, orphans: readonly string[], what: string, remove: () => void | Promise<void>): Mendable {
  if (orphans.length === 0) return { name, state: 'ok', found: 'none' };
  const more = orphans.length > named ? `, and ${orphans.length - named} more` : '';
  return {
    name,
    state: 'warning',
    found: `${what}: ${orphans.slice(0, named).join(', ')}${more}`,
    fix: [suggest('doctor', '--fix'), ' removes them'],
    mend: async () => {
      await remove();
      return `${amount(orphans.length, 'orphan')} removed`;
    },
  };
}

const without = (all: readonly string[], used: readonly string[]): string[] => {
  const known = new Set(used);
  return all.filter((name) => !known.has(name));
};

const entries = (directory: string): string[] =>
  existsSync(directory) ? readdirSync(directory).map((name) => path.join(directory, name)) : [];
