import type { ChalkInstance } from 'chalk';
import { completionStatus } from '../../model/execution.js';
import type { Execution, Job } from '../../model/schema/job.js';
import type { TaskRecord } from '../../model/task.js';

/** The first column of gcloud's tables. A symbol never stands alone: the row says the same in words. */
export const symbols = {
  succeeded: (chalk: ChalkInstance) => chalk.green('✔'),
  failed: (chalk: ChalkInstance) => chalk.red('X'),
  active: (chalk: ChalkInstance) => chalk.yellow('…'),
  pending: (chalk: ChalkInstance) => chalk.yellow('.'),
  cancelled: (chalk: ChalkInstance) => chalk.yellow('!'),
  abandoned: (chalk: ChalkInstance) => chalk.yellow('-'),
};

export function jobSymbol(job: Job, chalk: ChalkInstance): string {
  if (job.terminalCondition?.state === 'CONDITION_SUCCEEDED') return symbols.succeeded(chalk);
  return job.terminalCondition?.state === 'CONDITION_FAILED' ? symbols.failed(chalk) : symbols.active(chalk);
}

/** Cancelled executions show as failed ones, as in gcloud. */
export function executionSymbol(execution: Execution, chalk: ChalkInstance): string {
  switch (completionStatus(execution)) {
    case 'EXECUTION_SUCCEEDED':
      return symbols.succeeded(chalk);
    case 'EXECUTION_FAILED':
    case 'EXECUTION_CANCELLED':
      return symbols.failed(chalk);
    default:
      return symbols.active(chalk);
  }
}

export function taskSymbol({ state }: TaskRecord, chalk: ChalkInstance): string {
  switch (state) {
    case 'Succeeded':
      return symbols.succeeded(chalk);
    case 'Failed':
      return symbols.failed(chalk);
    case 'Running':
      return symbols.active(chalk);
    case 'Cancelled':
      return symbols.cancelled(chalk);
    case 'Abandoned':
      return symbols.abandoned(chalk);
    case 'Pending':
    case 'Scheduled':
      return symbols.pending(chalk);
  }
}
