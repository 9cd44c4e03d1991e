import { completionStatus, isCompleted } from '../../model/execution.js';
import { shortName } from '../../model/names.js';
import { recoverExecutions } from '../../service/recovery.js';
import type { Call } from '../../service/service.js';
import { remedyText } from '../errors.js';
import type { Context } from './context.js';

/** The service, after recovery, whose results are reported on stderr. */
export async function recoveredService(context: Context): Promise<Call> {
  const service = await context.service();
  for (const { execution, refusal } of await recoverExecutions(service)) {
    if (refusal) {
      context.io.err.write(
        `${refusal.message} It stays as it is. Try: ${remedyText(refusal.fix ?? '', context.defaults)}\n`,
      );
      continue;
    }
    const outcome = isCompleted(execution)
      ? `it has ended now: ${completionStatus(execution)}`
      : 'it continues in the background';
    context.io.err.write(`Execution [${shortName(execution.name)}] was orphaned; ${outcome}.\n`);
  }
  return service;
}
