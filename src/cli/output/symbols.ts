import type { ChalkInstance } from 'chalk';
import { completionStatus } from '../../model/execution.js';
import type { Execution, Job } from '../../model/schema/job.js';
import type { TaskRecord } from '../../model/task.js';

/** The look of an output: its colours, and whether it shows more than ASCII. */
export interface Look {
  chalk: ChalkInstance;
  unicode: boolean;
}

const unicode = {
  succeeded: '✔',
  active: '…',
  /** Between a name and its text. */
  bar: '│',
  /** Between two parts of the output. */
  line: '─',
  /** Between counts. */
  dot: '·',
  /** In place of omitted text. */
  more: '…',
  /** In the live view and at the end: a task that has failed, runs, starts, waits or is tried again. */
  failed: '✗',
  running: '▸',
  starting: '○',
  waiting: '·',
  retry: '↻',
  /** Tasks that have succeeded, one or several, or only some of several. */
  done: '■',
  partlyDone: '□',
  /** What a bar has reached, and the rest of it. */
  filled: '━',
  unfilled: '─',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

/** gcloud's replacements, where it has them. */
const ascii: typeof unicode = {
  succeeded: '+',
  active: '.',
  bar: '|',
  line: '-',
  dot: '-',
  more: '.',
  failed: 'X',
  running: '>',
  starting: 'o',
  waiting: '.',
  retry: 'r',
  done: '#',
  partlyDone: '+',
  filled: '#',
  unfilled: '-',
  spinner: ['|', '/', '-', '\\'],
};

/** The signs for the terminal's character set. */
export const signs = (look: Pick<Look, 'unicode'>): typeof unicode => (look.unicode ? unicode : ascii);

/** The first column of gcloud's tables. Each row says the same in words. */
export const symbols = {
  succeeded: (look: Look) => look.chalk.green(signs(look).succeeded),
  failed: ({ chalk }: Look) => chalk.red('X'),
  active: (look: Look) => look.chalk.yellow(signs(look).active),
  pending: ({ chalk }: Look) => chalk.yellow('.'),
  cancelled: ({ chalk }: Look) => chalk.yellow('!'),
  abandoned: ({ chalk }: Look) => chalk.yellow('-'),
};

export function jobSymbol(job: Job, look: Look): string {
  if (job.terminalCondition?.state === 'CONDITION_SUCCEEDED') return symbols.succeeded(look);
  return job.terminalCondition?.state === 'CONDITION_FAILED' ? symbols.failed(look) : symbols.active(look);
}

/** As in gcloud, cancelled executions look like failed ones. */
export function executionSymbol(execution: Execution, look: Look): string {
  switch (completionStatus(execution)) {
    case 'EXECUTION_SUCCEEDED':
      return symbols.succeeded(look);
    case 'EXECUTION_FAILED':
    case 'EXECUTION_CANCELLED':
      return symbols.failed(look);
    default:
      return symbols.active(look);
  }
}

export function taskSymbol({ state }: TaskRecord, look: Look): string {
  switch (state) {
    case 'Succeeded':
      return symbols.succeeded(look);
    case 'Failed':
      return symbols.failed(look);
    case 'Running':
      return symbols.active(look);
    case 'Cancelled':
      return symbols.cancelled(look);
    case 'Abandoned':
      return symbols.abandoned(look);
    case 'Pending':
    case 'Scheduled':
      return symbols.pending(look);
  }
}
