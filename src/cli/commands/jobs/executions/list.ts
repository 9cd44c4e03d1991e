import { conditionOf } from '../../../../model/execution.js';
import { jobName } from '../../../../model/names.js';
import type { Execution } from '../../../../model/schema/job.js';
import { listExecutions } from '../../../../service/executions.js';
import { everyPage } from '../../../../service/pages.js';
import { defineCommand, parentOf } from '../../../command.js';
import { declareListFlags, type ListOptions } from '../../../list-flags.js';
import { inOrder } from '../../../order.js';
import { recoveredService } from '../../../recovery.js';
import { executionKind } from '../../../render/format/resources.js';
import { printList } from '../../../render/list.js';
import { executionColumns } from '../../../render/tables.js';

export const list = defineCommand<ListOptions & { job?: string; showDeleted?: true }>(
  'list',
  'List executions: those that have not started, then the others, newest first.',
  (command) =>
    declareListFlags(
      command
        .option('--job <job>', 'only those of this job')
        .option('--show-deleted', 'also those deleted in the last 30 days'),
    ),
  async (context, options) => {
    const service = await recoveredService(context);
    const parent = jobName(parentOf(context, options), options.job ?? '-');
    const executions = everyPage((page) =>
      listExecutions(service, { parent, showDeleted: options.showDeleted, ...page }),
    );
    await printList(context, options, {
      items: executions.toSorted((a, b) => inOrder(startOf(b), startOf(a))),
      columns: executionColumns(context.io.out.chalk),
      kind: executionKind,
      firstStep: 'localrun jobs execute JOB',
    });
  },
);

/** When the execution started; of one that has not, what sorts after every time. */
function startOf(execution: Execution): string {
  const started = conditionOf(execution, 'Started');
  return started?.state === 'CONDITION_SUCCEEDED' ? (started.lastTransitionTime ?? '') : '~';
}
