import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { TaskRow } from './data.js';
import { reveal } from './virtual-rows.js';

interface Options {
  /** The scrolling element. */
  box: RefObject<HTMLElement | null>;
  tasks: readonly TaskRow[];
  /** Tasks in a row, and its height in px. */
  columns: number;
  rowHeight: number;
  /** The index of a task, and what takes another one. */
  selected: number | undefined;
  onSelect: (index: number) => void;
}

interface Roving {
  /** The position of the task that has `tabindex="0"`. */
  at: number;
  onKeyDown: (event: KeyboardEvent) => void;
  /** Selects the task at a position. */
  choose: (position: number) => void;
}

/** Moves among tasks of which only some are in the document: arrow keys move the focus, Enter and Space select. */
export function useRoving({ box, tasks, columns, rowHeight, selected, onSelect }: Options): Roving {
  const position = Math.max(
    0,
    tasks.findIndex(({ index }) => index === selected),
  );
  const [current, setCurrent] = useState(position);
  const at = Math.min(current, tasks.length - 1);
  useEffect(() => {
    setCurrent(position);
    reveal(box.current, Math.floor(position / columns), rowHeight);
  }, [position, columns]);

  // Until it is scrolled to, the element may not exist.
  const moving = useRef(false);
  useLayoutEffect(() => {
    const element = moving.current ? box.current?.querySelector<HTMLElement>('[tabindex="0"]') : undefined;
    if (!element) return;
    moving.current = false;
    element.focus({ preventScroll: true });
  });

  // One function for good, so that cells may keep it.
  const latest = useRef({ tasks, onSelect });
  latest.current = { tasks, onSelect };
  const choose = useCallback((to: number): void => {
    const task = latest.current.tasks[to];
    setCurrent(to);
    if (task) latest.current.onSelect(task.index);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const rows = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1);
    const steps: Record<string, number> = {
      ...{ ArrowDown: columns, ArrowUp: -columns, PageDown: rows * columns, PageUp: -rows * columns },
      ...{ Home: -tasks.length, End: tasks.length },
      ...(columns > 1 && { ArrowRight: 1, ArrowLeft: -1 }),
    };
    const step = steps[event.key];
    const chosen = event.key === 'Enter' || event.key === ' ';
    if (step === undefined && !chosen) return;
    event.preventDefault();
    if (step === undefined) return choose(at);
    const to = Math.max(0, Math.min(tasks.length - 1, at + step));
    moving.current = true;
    reveal(box.current, Math.floor(to / columns), rowHeight);
    setCurrent(to);
  };
  return { at, onKeyDown, choose };
}
