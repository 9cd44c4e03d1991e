import { Argument } from 'commander';
import type { CommandSpec } from '../command/command.js';
import { completionScript, type Shell, shells } from '../command/completion-scripts.js';

export const completion: CommandSpec = {
  attach(program) {
    program
      .command('completion')
      .description('Print the completion script of a shell.')
      .addArgument(new Argument('<shell>').choices(shells))
      .addHelpText(
        'after',
        `
To load it in every session:
  bash   localrun completion bash > ~/.local/share/bash-completion/completions/localrun
  zsh    localrun completion zsh > "\${fpath[1]}/_localrun"
  fish   localrun completion fish > ~/.config/fish/completions/localrun.fish`,
      )
      .action((shell: Shell) => program.configureOutput().writeOut?.(completionScript(program, shell)));
  },
};
