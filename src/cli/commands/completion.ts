import type { Command } from 'commander';
import { completionInstallation } from '../command/completion-installation.js';
import { completionScript, type Shell } from '../command/completion-scripts.js';

export const run = (tree: Command, shell?: Shell): void =>
  tree.configureOutput().writeOut?.(shell ? completionScript(tree, shell) : `${completionInstallation}\n`);
