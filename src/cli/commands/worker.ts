import { hostExecution } from '../../service/host.js';
import { defineCommand } from '../command.js';
import { sentence } from '../render/progress.js';

/** What a background process does: runs one execution to its end, with nobody to show it to. */
export const worker = defineCommand<object, [execution: string]>(
  '__worker',
  'Run an execution to its end.',
  (command) => command.argument('<execution>', "the execution's full name"),
  async (context, _options, execution) => {
    const host = await context.host();
    const never = new AbortController().signal;
    const { out } = context.io;
    await hostExecution(host, execution, { cancel: never, kill: never }, (event) => {
      const line = sentence(event, host.store.execution(execution)?.template ?? {}, out.chalk);
      if (line !== undefined) out.write(`${event.time} ${line}\n`);
    });
  },
);
