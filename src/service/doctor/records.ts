import { isCompleted } from '../../model/execution.js';
import { RunError } from '../../model/errors.js';
import { shortName } from '../../model/names.js';
import { examineStore } from '../../store/examination.js';
import { type Salvage, salvageStore } from '../../store/salvage.js';
import { recoverExecutions } from '../executions.js';
import type { ServiceDeps } from '../service.js';
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
    if (!(error instanceof RunError) || error.code !== 'DATA_LOSS') return finding;
    const suffix = new Date(now())
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
      .replaceAll(/[-:]/g, '');
    return { ...finding, mend: () => told(salvageStore(home, suffix, alive)) };
  }
}

function told({ aside, saved, lost }: Salvage): string {
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

const nouns = { job: 'job', execution: 'execution', tombstone: 'deleted resource', task: 'task', attempt: 'attempt' };

/** Looks for executions that nobody runs though they have not ended. */
export function leaseCheck(service: ServiceDeps): Mendable {
  const name = 'executions';
  const open = service.store.openExecutions();
  const left = open.filter((execution) => {
    const lease = service.store.lease(execution);
    return !lease || !service.alive(lease);
  });
  if (left.length === 0) {
    return {
      name,
      state: 'ok',
      found: open.length > 0 ? `${amount(open.length, 'execution')} under way` : 'none is under way',
    };
  }
  return {
    name,
    state: 'warning',
    found: `left by a process that is gone: ${left.map(shortName).join(', ')}`,
    fix: 'localrun doctor --fix, or any command, has them taken up again',
    mend: async () => {
      const found = await recoverExecutions(service);
      const ended = found.filter(isCompleted).length;
      return `${ended} brought to an end, ${found.length - ended} in the background`;
    },
  };
}
