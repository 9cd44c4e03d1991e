import type { Command } from 'commander';
import { environment } from '../../config.js';
import { UsageError } from '../../model/errors.js';
import type { CommandSpec } from '../command/command.js';

/** `help jobs run` is `jobs run --help`; `help environment` is about no command. */
export const help: CommandSpec = {
  attach(program) {
    program
      .command('help')
      .description('Show the help of a command, or `help environment`.')
      .argument('[command...]', 'words of a command, such as jobs run; or environment')
      .action((words: string[]) => {
        if (words.join(' ') === 'environment') program.configureOutput().writeOut?.(environmentHelp(program));
        else commandNamed(program, words).outputHelp();
      });
  },
};

function commandNamed(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (!next) throw new UsageError(`There is no command [${words.join(' ')}].`, 'localrun --help');
    command = next;
  }
  return command;
}

function environmentHelp(program: Command): string {
  const layout = program.createHelp();
  layout.prepareContext({ helpWidth: program.configureOutput().getOutHelpWidth?.() ?? 80 });
  const width = Math.max(...environment.map(([name]) => name.length));
  const items = environment.map(([name, meaning]) => layout.formatItem(name, width, meaning, layout));
  return `Environment variables:\n${items.join('\n')}\n`;
}
