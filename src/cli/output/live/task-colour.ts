import type { Look } from '../symbols.js';

/** Neighbouring tasks differ. Red is for errors, and yellow for what is late or tried again. */
const colours = ['cyan', 'magenta', 'green', 'blueBright', 'magentaBright', 'cyanBright', 'greenBright'] as const;

/** The colour of a task in the live view. */
export const taskColour = (task: number, { chalk }: Pick<Look, 'chalk'>): ((text: string) => string) =>
  chalk[colours[task % colours.length] ?? 'cyan'];
