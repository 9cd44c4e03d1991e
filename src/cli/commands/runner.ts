import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Context } from '../command/context.js';
import { shortName } from '../../model/names.js';
import { currentExecution } from '../../service/executions.js';
import type { RunnerCall } from '../../service/execution-runner.js';
import { HostedExecutions } from '../../service/hosted-executions.js';
import { sentence } from '../output/live/sentences.js';

/**
 * The process beside a server: runs the executions whose names come on stdin, and resumes orphans, until stdin ends.
 * It ignores signals, which the server acts on.
 */
export async function run(context: Context): Promise<void> {
  const { io } = context;
  const runner = await context.runner();
  const ignore = io.onSignal(() => {});
  const hosted = new HostedExecutions(runner, {
    onEvent: (execution, event) => {
      const line = sentence(event, currentExecution(runner, execution)?.template ?? {}, io.out);
      if (line !== undefined) log(runner, execution, `${event.time} ${line}`);
    },
    onFailure: (execution, { message }) => {
      io.err.write(`Execution [${shortName(execution)}] is interrupted: ${message}\n`);
      log(runner, execution, `ERROR: ${message}`);
    },
    onTrouble: ({ message }) => io.err.write(`ERROR: ${message}\n`),
  });
  for await (const name of createInterface({ input: io.connection().input })) hosted.start(name);
  const left = await hosted.close();
  if (left.length > 0) {
    io.err.write(`[${left.map(shortName).join(', ')}] will go on with the next localrun command.\n`);
  }
  ignore();
}

/** Appends a line to the log that a worker of the execution would have. */
function log({ logs }: RunnerCall, execution: string, line: string): void {
  const file = logs.openWorker(execution);
  try {
    writeSync(file, `${line}\n`);
  } finally {
    closeSync(file);
  }
}
