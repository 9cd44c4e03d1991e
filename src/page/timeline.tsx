import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { AttemptRow, TaskRow } from './data.js';
import { attemptTone, describeTask, outcome, ranFor, span, toneOf } from './format.js';
import { Glyph } from './parts.js';
import { marks } from './time-axis.js';
import { useRoving } from './roving.js';
import { Rows, useVisibleRows } from './virtual-rows.js';

const rowHeight = 24;

interface Props {
  tasks: readonly TaskRow[];
  /** When the execution began, and when it ended or the present time, in ms. */
  from: number;
  to: number;
  selected: number | undefined;
  onSelect: (index: number) => void;
}

/** When the attempts of each task waited and ran. Arrow keys move, Enter and Space select. */
export function Timeline({ tasks, from, to, selected, onSelect }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const visible = useVisibleRows(box, tasks.length, rowHeight);
  const length = Math.max(1, to - from);
  const place = (time: number): number => Math.max(0, Math.min(100, ((time - from) / length) * 100));
  const { at, onKeyDown, choose } = useRoving({ box, tasks, columns: 1, rowHeight, selected, onSelect });

  const bar = (attempt: AttemptRow, i: number): JSX.Element => {
    const begun = attempt.started ?? attempt.ended ?? to;
    const [a, b, c] = [place(attempt.created), place(begun), place(attempt.ended ?? to)];
    return (
      <span key={i}>
        <i class="bar wait" style={{ left: `${a}%`, width: `${Math.max(0, b - a)}%` }} />
        {attempt.started !== undefined && (
          <i class={`bar ${attemptTone(attempt)}`} style={{ left: `${b}%`, width: `${Math.max(0, c - b)}%` }} />
        )}
      </span>
    );
  };
  const label = (task: TaskRow): string => {
    const attempts = task.attempts.map((attempt, i) => {
      const ran = ranFor(attempt, to);
      return `attempt ${i} ${outcome(attempt)}${ran === undefined ? '' : `, ran ${span(ran)}`}`;
    });
    return [describeTask(task), ...attempts].join('; ');
  };
  return (
    <div class="timeline">
      <div class="axis" aria-hidden="true">
        {marks(length, window.innerWidth < 720 ? 3 : 6).map((mark) => (
          <span key={mark} style={{ left: `${(mark / length) * 100}%` }}>
            {mark === 0 ? '0' : span(mark).replace(/\.0(?= s)| 00 [sm]$/, '')}
          </span>
        ))}
      </div>
      <div class="rows" role="listbox" aria-label="Attempts of each task" ref={box} onKeyDown={onKeyDown}>
        <Rows
          window={visible}
          count={tasks.length}
          rowHeight={rowHeight}
          row={(i) => {
            const task = tasks[i];
            return (
              task && (
                <div
                  key={task.index}
                  role="option"
                  class="line"
                  aria-selected={task.index === selected}
                  aria-posinset={i + 1}
                  aria-setsize={tasks.length}
                  aria-label={label(task)}
                  title={label(task)}
                  tabIndex={i === at ? 0 : -1}
                  onClick={() => choose(i)}
                >
                  <span class="name">
                    <Glyph tone={toneOf(task.state)} />
                    {task.index}
                  </span>
                  <span class="track">{task.attempts.map(bar)}</span>
                </div>
              )
            );
          }}
        />
      </div>
    </div>
  );
}
