import type { Context } from '../../command/context.js';
import { shortName } from '../../../model/names.js';
import { currentExecution } from '../../../service/executions.js';
import { keepRunning } from '../../../service/keep-running.js';
import { sentence } from '../../output/live/sentences.js';

export async function run(context: Context): Promise<void> {
  const { io } = context;
  const runner = await context.runner();
  const end = new AbortController();
  const ignore = io.onSignal(() => end.abort());
  const say = (execution: string, line: string): void => io.err.write(`[${shortName(execution)}] ${line}\n`);
  io.err.write(`Running the executions of ${runner.home}.\n`);
  const left = await keepRunning(runner, end.signal, {
    onEvent(execution, event) {
      const line = sentence(event, currentExecution(runner, execution)?.template ?? {}, io.err);
      if (line !== undefined) say(execution, line);
    },
    onFailure: (execution, { message }) => say(execution, message),
    onTrouble: ({ message }) => io.err.write(`ERROR: ${message}\n`),
  });
  ignore();
  if (left.length > 0) io.err.write(`The next worker goes on with [${left.map(shortName).join(', ')}].\n`);
}
