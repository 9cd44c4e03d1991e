import { getExecution, requireAbandoned } from '../../../../service/executions.js';
import { requireItsEngine } from '../../../../service/other-engines.js';
import { type CommonOptions, defineCommand, inWords, parentOf } from '../../../command/command.js';
import { printFinished, runInForeground } from '../../../command/foreground-run.js';
import { awaitSurroundings } from '../../../command/wait-for-engine.js';

export const adopt = defineCommand<CommonOptions, [execution: string]>(
  'adopt',
  'Carry on an execution whose process is gone, follow it, and exit with its result.',
  (command) =>
    command.argument('<execution>', 'the name of the execution').addHelpText(
      'after',
      `
As in \`localrun jobs run\`, Ctrl-C cancels the execution. Without this command, the next one that looks at executions
has it carried on in the background.`,
    ),
  async (context, options, id) => {
    // Not one that finds such executions by itself and gives them to somebody else.
    const host = await context.host();
    const parent = parentOf(context, options);
    const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(host, parent, id));
    requireAbandoned(host, execution);
    await requireItsEngine(host, execution.name);
    await awaitSurroundings(context, host, host.store.settings(execution.name));
    const finished = await runInForeground(context, host, () => execution);
    await printFinished(context, options, host, finished);
  },
);
