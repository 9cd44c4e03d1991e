import { completionStatus, isCompleted } from '../../model/execution.js';
import { shortName } from '../../model/names.js';
import { recoverExecutions } from '../../service/executions.js';
import type { ServiceDeps } from '../../service/service.js';
import { remedyText } from '../errors.js';
import type { Context } from './context.js';

/**
 * The service, after executions whose process has died were taken up again; what became of them is told once, on
 * stderr.
 */
export async function recoveredService(context: Context): Promise<ServiceDeps> {
  const service = await context.service();
  for (const { execution, refusal } of await recoverExecutions(service)) {
    if (refusal) {
      context.io.err.write(
        `${refusal.message} It is left as it is. Try: ${remedyText(refusal.fix ?? '', context.defaults)}\n`,
      );
      continue;
    }
    const outcome = isCompleted(execution)
      ? `it has been finished: ${completionStatus(execution)}`
      : 'it goes on in the background';
    context.io.err.write(`Execution [${shortName(execution.name)}] was left by a process that is gone; ${outcome}.\n`);
  }
  return service;
}
