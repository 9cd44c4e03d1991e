import { hostExecution } from '../../service/host.js';
import { defineCommand } from '../command/command.js';
import { sentence } from '../output/live/progress.js';

/** What a background process does: runs one execution to its end, with nobody to show it to. */
export const worker = defineCommand<object, [execution: string, token: string]>(
  '__worker',
  'Run an execution to its end.',
  (command) =>
    command
      // Not <execution>: of those, a name in full becomes an id.
      .argument('<name>', 'of the execution, in full')
      .argument('<token>', 'that of the lease on it'),
  async (context, _options, execution, token) => {
    const opened = await context.host();
    const host = { ...opened, owner: { ...opened.owner, token } };
    const never = new AbortController().signal;
    const { out } = context.io;
    await hostExecution(host, execution, { cancel: never, kill: never }, (event) => {
      const line = sentence(event, host.store.execution(execution)?.template ?? {}, out);
      if (line !== undefined) out.write(`${event.time} ${line}\n`);
    });
  },
);
