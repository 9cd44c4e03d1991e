import { type RuntimeIdentity, endpointOf, wayTo } from '../../model/runtime-identity.js';
import { isCompleted } from '../../model/execution.js';
import { StatusError, suggest } from '../../model/errors.js';
import { shortName } from '../../model/names.js';
import { examineStore } from '../../store/examination.js';
import { type Salvage, salvageStore } from '../../store/salvage.js';
import { recoverExecutions } from '../recovery.js';
import { isOrphaned } from '../leases.js';
import type { Service } from '../service.js';
import { amount, type DoctorDeps, type Mendable, problem } from './check.js';

/** Reads the whole store. */
export function storeCheck({ home, now, alive }: DoctorDeps): Mendable {
  const name = 'store';
  try {
    const report = examineStore(home);
    if (!report) return { name, state: 'ok', found: 'there is none yet' };
    const { file, jobs, executions, writable } = report;
    const found = `${file}: ${amount(jobs, 'job')}, ${amount(executions, 'execution')}, whole`;
    if (writable) return { name, state: 'ok', found };
    return {
      name,
      state: 'problem',
      found: `${found}, and cannot be written`,
      fix: 'see the disk and its permissions',
    };
  } catch (error) {
    const finding = problem(name, error);
    if (!(error instanceof StatusError) || error.code !== 'DATA_LOSS') return finding;
    const suffix = new Date(now())
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
      .replaceAll(/[-:]/g, '');
    return { ...finding, mend: () => salvaged(salvageStore(home, suffix, alive)) };
  }
}

function salvaged({ aside, saved, lost }: Salvage): string {
  const counts = (of: Salvage['saved']): string[] =>
    Object.entries(of).flatMap(([table, count]) => {
      const noun = nouns[table as keyof typeof nouns];
      return Number.isNaN(count) ? [`an unknown number of ${noun}s`] : count > 0 ? [amount(count, noun)] : [];
    });
  const gone = counts(lost);
  return [
    `set aside as ${aside}`,
    `saved ${counts(saved).join(', ') || 'nothing'}`,
    `lost ${gone.length > 0 ? `at most ${gone.join(', ')}` : 'nothing that is known of'}`,
  ].join('; ');
}

const nouns = {
  job: 'job',
  execution: 'execution',
  tombstone: 'deleted resource',
  operation: 'operation',
  task: 'task',
  attempt: 'attempt',
};

/**
 * Looks for orphaned executions.
 * @param answering the runtime that answers where an execution runs
 */
export function executionChecks(
  service: Service,
  answering: (execution: string) => RuntimeIdentity | undefined,
): Mendable[] {
  const open = service.store.openExecutions().map((name) => {
    const engine = service.store.engine(name);
    const asked = answering(name);
    const away = engine && asked && engine.id !== asked.id ? { began: engine, asked } : undefined;
    return { name, away, orphaned: isOrphaned(service, name) };
  });
  const here = open.filter(({ away }) => !away);
  return [leaseCheck(service, here), otherEngines(open)];
}

interface Open {
  name: string;
  /** The runtime that it began on, if another one answers. */
  away: { began: RuntimeIdentity; asked: RuntimeIdentity } | undefined;
  orphaned: boolean;
}

function leaseCheck(service: Service, open: readonly Open[]): Mendable {
  const name = 'executions';
  const orphans = open.filter(({ orphaned }) => orphaned);
  if (orphans.length === 0) {
    return {
      name,
      state: 'ok',
      found: open.length > 0 ? `${amount(open.length, 'execution')} under way` : 'none is under way',
    };
  }
  return {
    name,
    state: 'warning',
    found: `left by a process that is gone: ${orphans.map((execution) => shortName(execution.name)).join(', ')}`,
    fix: [suggest('doctor', '--fix'), ', or any command, resumes them'],
    mend: async () => {
      const found = (await recoverExecutions(service)).filter(({ refusal }) => !refusal);
      const ended = found.filter(({ execution }) => isCompleted(execution)).length;
      return `${ended} brought to an end, ${found.length - ended} in the background`;
    },
  };
}

function otherEngines(open: readonly Open[]): Mendable {
  const name = 'other engines';
  const list = (orphaned: boolean): string =>
    open
      .flatMap((one) =>
        one.away && one.orphaned === orphaned ? [`${shortName(one.name)} (${endpointOf(one.away.began)})`] : [],
      )
      .join(', ');
  const [left, underWay] = [list(true), list(false)];
  const ways = new Set(open.flatMap(({ away, orphaned }) => (away && orphaned ? [wayTo(away.began, away.asked)] : [])));
  const found = [left && `left by a process that is gone: ${left}`, underWay && `under way: ${underWay}`];
  return {
    name,
    state: left ? 'warning' : 'ok',
    found: found.filter(Boolean).join('; ') || 'no execution began on another one',
    fix: left ? [`${[...ways].join('; ')}; if that is gone for good: `, suggest('jobs executions delete')] : undefined,
  };
}
