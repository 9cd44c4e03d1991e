import type { Execution } from './schema/job.js';

/** The tasks of an execution that runs only some of its job's: ours, Cloud Run always runs all. */
export interface TaskSelection {
  /** Ascending, without duplicates. */
  indexes: readonly number[];
  /** How many tasks there would be, as they see it in CLOUD_RUN_TASK_COUNT; undefined: as many as the job has. */
  of?: number | undefined;
}

/** The annotations that record a selection in an execution. */
const indexesKey = 'dev.localrun/task-indexes';
const countKey = 'dev.localrun/task-count';

/** Reads `3,7-9`; undefined if it is anything else, or names more than 10,000 tasks, the most that a job can have. */
export function parseIndexes(text: string): number[] | undefined {
  const indexes = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to = from] = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part) ?? [];
    if (from === undefined || Number(to) < Number(from) || Number(to) >= 10_000) return undefined;
    for (let index = Number(from); index <= Number(to); index++) indexes.add(index);
  }
  return [...indexes].toSorted((a, b) => a - b);
}

/** The shortest text for `parseIndexes`: `3,7-9`. */
export function formatIndexes(indexes: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const index of indexes) {
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** The annotations of an execution: the job's, with the selection, if there is one. */
export function annotatedWith(
  annotations: Readonly<Record<string, string>> | undefined,
  selection: TaskSelection | undefined,
  count: number,
): Record<string, string> | undefined {
  const { [indexesKey]: _, [countKey]: __, ...own } = annotations ?? {};
  if (!selection) return annotations && own;
  return { ...own, [indexesKey]: formatIndexes(selection.indexes), [countKey]: String(count) };
}

/** What an execution records about a selection; undefined if it runs all its tasks. */
export function selectionOf({ annotations = {} }: Pick<Execution, 'annotations'>): Required<TaskSelection> | undefined {
  const indexes = parseIndexes(annotations[indexesKey] ?? '');
  return indexes && { indexes, of: Number(annotations[countKey]) };
}

/** The indexes of the tasks of an execution. */
export const taskIndexes = (execution: Pick<Execution, 'annotations' | 'taskCount'>): readonly number[] =>
  selectionOf(execution)?.indexes ?? Array.from({ length: execution.taskCount }, (_, index) => index);

/** `30`, or of an execution that runs only some of its tasks `4 of 30 (3,7-9)`. */
export function describedCount(execution: Pick<Execution, 'annotations' | 'taskCount'>): string {
  const selection = selectionOf(execution);
  return selection
    ? `${execution.taskCount} of ${selection.of} (${formatIndexes(selection.indexes)})`
    : String(execution.taskCount);
}
