import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { environment } from '../config.js';
import type { CommandSpec, Open } from './command.js';
import { completion } from './commands/completion.js';
import { addBinding } from './commands/jobs/add-iam-policy-binding.js';
import { create } from './commands/jobs/create.js';
import { remove } from './commands/jobs/delete.js';
import { deploy } from './commands/jobs/deploy.js';
import { describe } from './commands/jobs/describe.js';
import { execute } from './commands/jobs/execute.js';
import { cancel } from './commands/jobs/executions/cancel.js';
import { remove as removeExecution } from './commands/jobs/executions/delete.js';
import { describeLatest } from './commands/jobs/executions/describe-latest.js';
import { describe as describeExecution } from './commands/jobs/executions/describe.js';
import { list as listExecutions } from './commands/jobs/executions/list.js';
import { describe as describeTask } from './commands/jobs/executions/tasks/describe.js';
import { list as listTasks } from './commands/jobs/executions/tasks/list.js';
import { getPolicy } from './commands/jobs/get-iam-policy.js';
import { list } from './commands/jobs/list.js';
import { removeBinding } from './commands/jobs/remove-iam-policy-binding.js';
import { replace } from './commands/jobs/replace.js';
import { run } from './commands/jobs/run.js';
import { setPolicy } from './commands/jobs/set-iam-policy.js';
import { testPermissions } from './commands/jobs/test-iam-permissions.js';
import { update } from './commands/jobs/update.js';
import { validate } from './commands/jobs/validate.js';
import { worker } from './commands/worker.js';
import type { Io } from './io.js';

const iamCommands = [getPolicy, setPolicy, addBinding, removeBinding, testPermissions];
const jobCommands = [run, validate, create, update, deploy, replace, describe, list, remove, execute, ...iamCommands];
const executionCommands = [listExecutions, describeExecution, describeLatest, cancel, removeExecution];
const taskCommands = [listTasks, describeTask];

/** The command tree: what help, completion and the documentation are made from, too. */
export function buildProgram({ out, err }: Pick<Io, 'out' | 'err'>, open: Open): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('localrun')
    .description('Cloud Run jobs on your own machine. Any `gcloud run jobs ...` works as `localrun jobs ...`.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: out.write,
      writeErr: err.write,
      // Errors reach the one printer by the exception that comes with them.
      outputError: () => {},
      getOutHelpWidth: () => Math.min(out.columns, 100),
      getErrHelpWidth: () => Math.min(err.columns, 100),
      getOutHasColors: () => out.chalk.level > 0,
      getErrHasColors: () => err.chalk.level > 0,
    })
    .addHelpText('after', environmentHelp);
  const jobs = group(program, 'jobs', 'Create, run and watch jobs.');
  const executions = group(jobs, 'executions', 'Executions of jobs.');
  const tasks = group(executions, 'tasks', 'Tasks of executions.');
  attach(jobs, jobCommands, open);
  attach(executions, executionCommands, open);
  attach(tasks, taskCommands, open);
  attach(program, [completion], open);
  worker.attach(program, open, { hidden: true });
  return program;
}

const group = (parent: Command, name: string, description: string): Command =>
  parent.command(name).description(description).helpOption('-h, --help', 'show this help');

function attach(parent: Command, commands: readonly CommandSpec[], open: Open): void {
  for (const command of commands) command.attach(parent, open);
}

const environmentHelp = `
Environment:
${environment.map(([name, meaning]) => `  ${name.padEnd(29)}${meaning}`).join('\n')}

Exit codes: 0 ok; 1 the command or its execution failed; 2 wrong usage; 130, 143 interrupted.`;

/** The commands that a command line names, such as `jobs.executions.list`, for messages. */
export function commandPath(program: Command, argv: readonly string[]): string {
  const path: string[] = [];
  let command: Command | undefined = program;
  for (const word of argv) {
    command = command.commands.find((candidate) => candidate.name() === word);
    if (!command) break;
    path.push(word);
  }
  return path.join('.');
}
