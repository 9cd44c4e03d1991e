import { UsageError } from '../../model/errors.js';
import { defineCommand } from '../command.js';
import { type Shell, shells } from '../completions.js';

export const completion = defineCommand<object, [shell: string]>(
  'completion',
  'Print the completion script for bash, zsh or fish.',
  (command) =>
    command.argument('<shell>', shells.join(', ')).addHelpText(
      'after',
      `
To load it in every session:
  bash   localrun completion bash > /etc/bash_completion.d/localrun
  zsh    localrun completion zsh > "\${fpath[1]}/_localrun"
  fish   localrun completion fish > ~/.config/fish/completions/localrun.fish`,
    ),
  async (context, _options, shell) => {
    if (!(shells as readonly string[]).includes(shell)) {
      throw new UsageError(`argument SHELL: must be one of ${shells.join(', ')}; received: ${shell}`);
    }
    const { completionScript } = await import('../completions.js');
    context.io.out.write(completionScript(context.program, shell as Shell));
  },
);
