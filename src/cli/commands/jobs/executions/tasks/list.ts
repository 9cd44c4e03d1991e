import type { TaskState } from '../../../../../model/task.js';
import { getExecution } from '../../../../../service/executions.js';
import { everyPage } from '../../../../../service/pages.js';
import { listTasks } from '../../../../../service/tasks.js';
import { defineCommand, inWords, parentOf } from '../../../../command/command.js';
import { declareListFlags, enough, type ListOptions } from '../../../../flags/list.js';
import { recoveredService } from '../../../../command/recovered-service.js';
import { taskKind } from '../../../../output/format/resource-kinds.js';
import { printList } from '../../../../output/list.js';
import { taskColumns, projections } from '../../../../output/columns.js';
import { readColumns } from '../../../../output/format/projection.js';

const pending: TaskState[] = ['Pending', 'Scheduled'];

/** Flags, and the states that each chooses; several flags choose what any of them does. */
const flags: [flag: string, states: TaskState[], description: string][] = [
  ['succeeded', ['Succeeded'], 'tasks that succeeded'],
  ['failed', ['Failed'], 'tasks that failed'],
  ['cancelled', ['Cancelled'], 'tasks that were cancelled'],
  ['running', ['Running'], 'tasks that run'],
  ['pending', pending, 'tasks that wait for their turn'],
  ['abandoned', ['Abandoned'], 'tasks that were never started'],
  ['completed', ['Succeeded', 'Failed', 'Cancelled'], 'tasks that have ended'],
  ['no-completed', ['Running', ...pending], 'tasks that have not ended'],
  ['started', ['Succeeded', 'Failed', 'Cancelled', 'Running'], 'tasks that have started'],
  ['no-started', [...pending, 'Abandoned'], 'tasks that have not started'],
];

type Options = ListOptions & { execution: string } & Record<string, unknown>;

function chosenStates(options: Options): TaskState[] | undefined {
  const chosen = flags.filter(([flag]) =>
    flag.startsWith('no-') ? options[flag.slice(3)] === false : options[flag] === true,
  );
  return chosen.length > 0 ? chosen.flatMap(([, states]) => states) : undefined;
}

export const list = defineCommand<Options>(
  'list',
  'List the tasks of an execution by index.',
  (command) => {
    command.requiredOption('--execution <execution>', 'the name of the execution');
    for (const [flag, , description] of flags) command.option(`--${flag}`, description);
    return declareListFlags(command);
  },
  async (context, options) => {
    const service = await recoveredService(context);
    const parent = parentOf(context, options);
    const execution = inWords('NOT_FOUND', `Cannot find execution [${options.execution}].`, () =>
      getExecution(service, parent, options.execution),
    );
    const states = chosenStates(options);
    await printList(context, options, {
      items: everyPage((page) => listTasks(service, { parent: execution.name, states, ...page }), enough(options)),
      columns: taskColumns(context.io.out),
      kind: taskKind,
    });
  },
  { formats: { columns: readColumns(projections.task) } },
);
