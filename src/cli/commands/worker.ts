import type { Context } from '../command/context.js';
import { currentExecution } from '../../service/executions.js';
import { runHere } from '../../service/execution-runner.js';
import { sentence } from '../output/live/sentences.js';

/** A background process: runs one execution to its end and prints its events into the log of the worker. */
export async function run(context: Context, _options: object, execution: string, token: string): Promise<void> {
  const opened = await context.runner();
  const runner = { ...opened, owner: { ...opened.owner, token } };
  const never = new AbortController().signal;
  const { out } = context.io;
  await runHere(runner, execution, { cancel: never, kill: never }, (event) => {
    const line = sentence(event, currentExecution(runner, execution)?.template ?? {}, out);
    if (line !== undefined) out.write(`${event.time} ${line}\n`);
  });
}
