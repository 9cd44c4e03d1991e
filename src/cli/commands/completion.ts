import type { Command } from 'commander';
import { completionScript, type Shell } from '../command/completion-scripts.js';

export const run = (tree: Command, shell: Shell): void =>
  tree.configureOutput().writeOut?.(completionScript(tree, shell));
