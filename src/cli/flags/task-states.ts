import type { TaskState } from '../../model/task.js';
import { type Flag, flag } from './flag.js';

const pending: TaskState[] = ['Pending', 'Scheduled'];

/** The flags that choose tasks by their state, and the states of each; several flags choose the states of all. */
const declared: readonly [name: string, states: TaskState[], description: string][] = [
  ['succeeded', ['Succeeded'], 'tasks that succeeded'],
  ['failed', ['Failed'], 'tasks that failed'],
  ['cancelled', ['Cancelled'], 'tasks that were cancelled'],
  ['running', ['Running'], 'tasks that are running'],
  ['pending', pending, 'tasks that are waiting to start'],
  ['abandoned', ['Abandoned'], 'tasks that were never started'],
  ['completed', ['Succeeded', 'Failed', 'Cancelled'], 'tasks that have ended'],
  ['no-completed', ['Running', ...pending], 'tasks that have not ended'],
  ['started', ['Succeeded', 'Failed', 'Cancelled', 'Running'], 'tasks that have started'],
  ['no-started', [...pending, 'Abandoned'], 'tasks that have not started'],
];

export const taskStateFlags: readonly Flag[] = declared.map(([name, , description]) => flag(`--${name}`, description));

/** The states that the flags choose; undefined if there are no such flags. */
export function chosenStates(options: Readonly<Record<string, unknown>>): TaskState[] | undefined {
  const chosen = declared.filter(([name]) =>
    name.startsWith('no-') ? options[name.slice(3)] === false : options[name] === true,
  );
  return chosen.length > 0 ? chosen.flatMap(([, states]) => states) : undefined;
}
