import type { Context } from '../../../../command/context.js';
import { getExecution, settingsOf } from '../../../../../service/executions.js';
import { everyPage } from '../../../../../service/pages.js';
import { listTasks } from '../../../../../service/tasks.js';
import { inWords } from '../../../../errors.js';
import { parentOf } from '../../../../command/resource-names.js';
import { enough, type ListOptions } from '../../../../flags/list.js';
import { recoveredService } from '../../../../command/recovered-service.js';
import { taskKind } from '../../../../output/resource-kinds.js';
import { printList } from '../../../../output/list.js';
import { taskColumns, projections } from '../../../../output/columns.js';
import { chosenStates } from '../../../../flags/task-states.js';

type Options = ListOptions & { execution: string } & Record<string, unknown>;

export const projection = projections.task;

export async function run(context: Context, options: Options): Promise<void> {
  const service = await recoveredService(context);
  const parent = parentOf(context, options);
  const execution = inWords('NOT_FOUND', `Cannot find execution [${options.execution}].`, () =>
    getExecution(service, parent, options.execution),
  );
  const states = chosenStates(options);
  await printList(context, options, {
    items: everyPage((page) => listTasks(service, { parent: execution.name, states, ...page }), enough(options)),
    columns: taskColumns(context.io.out, settingsOf(service, execution.name).runtime !== undefined),
    kind: taskKind,
  });
}
