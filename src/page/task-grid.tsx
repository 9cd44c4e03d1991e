import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TaskRow } from './data.js';
import { describeTask, toneOf } from './format.js';
import { useRoving } from './roving.js';
import { Rows, useVisibleRows } from './virtual-rows.js';

/** The side of a cell with its gap, in px: the more tasks, the smaller. Those of few tasks have room for the index. */
const cellSize = (count: number): number => (count <= 200 ? 44 : count <= 2000 ? 28 : 20);

interface Props {
  tasks: readonly TaskRow[];
  selected: number | undefined;
  onSelect: (index: number) => void;
}

/** A cell for each task, in rows as wide as the page. Arrow keys move, Enter and Space select. */
export function TaskGrid({ tasks, selected, onSelect }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const size = cellSize(tasks.length);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(1, Math.floor(width / size));
  const count = Math.ceil(tasks.length / columns);
  const visible = useVisibleRows(box, count, size);

  const { at, onKeyDown, choose } = useRoving({ box, tasks, columns, rowHeight: size, selected, onSelect });

  const cell = (i: number): JSX.Element | null => {
    const task = tasks[i];
    if (!task) return null;
    const retried = task.attempts.length > 1;
    return (
      <button
        key={task.index}
        type="button"
        role="gridcell"
        class={`cell ${toneOf(task.state)}${retried ? ' retried' : ''}`}
        style={{ width: `${size - 4}px`, height: `${size - 4}px` }}
        aria-colindex={(i % columns) + 1}
        aria-selected={task.index === selected}
        aria-label={describeTask(task)}
        title={describeTask(task)}
        tabIndex={i === at ? 0 : -1}
        onClick={() => choose(i)}
      >
        <i class={`glyph ${toneOf(task.state)}`} aria-hidden="true" />
        {size >= 44 && <span aria-hidden="true">{task.index}</span>}
      </button>
    );
  };
  // What has been made once is not compared again: thousands of cells, at every scroll and every second.
  const made = useMemo(() => new Map<number, JSX.Element>(), [tasks, selected, at, columns, size]);
  const row = (number: number): JSX.Element => {
    const known = made.get(number);
    if (known) return known;
    const cells = (
      <div key={number} class="cells" role="row" aria-rowindex={number + 1} style={{ height: `${size}px` }}>
        {Array.from({ length: columns }, (_, i) => cell(number * columns + i))}
      </div>
    );
    made.set(number, cells);
    return cells;
  };
  return (
    <div
      class="grid"
      role="grid"
      aria-label="Tasks"
      aria-rowcount={count}
      aria-colcount={columns}
      ref={box}
      onKeyDown={onKeyDown}
    >
      <Rows window={visible} count={count} rowHeight={size} row={row} />
    </div>
  );
}
