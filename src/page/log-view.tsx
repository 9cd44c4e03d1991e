import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogBatch, LogRow } from './data.js';
import { clock, count, moment } from './format.js';
import { frozen } from './frozen.js';
import { filtered, type LogFilter, parts, severities } from './log-search.js';
import { Empty, Notice } from './parts.js';
import { useStream } from './stream.js';
import { reveal, Rows, useVisibleRows } from './virtual-rows.js';

const rowHeight = 20;

/** The most lines that are kept here; older ones go. */
const kept = 100_000;

/** The longest part of a line that a row shows; its detail shows all. */
const shown = 2000;

interface Props {
  /** The query of the execution. */
  address: string;
  task: number | undefined;
  taskCount: number;
  onTask: (task: number | undefined) => void;
  find: string;
  onFind: (find: string) => void;
}

export function LogView({ address, task, taskCount, onTask, find, onFind }: Props): JSX.Element {
  const url = `/_localrun/events?${address}&logs${task === undefined ? '' : `&task=${task}`}`;
  return frozen ? (
    <FrozenLog task={task} taskCount={taskCount} onTask={onTask} find={find} onFind={onFind} address={address} />
  ) : (
    <LiveLog key={url} url={url} {...{ address, task, taskCount, onTask, find, onFind }} />
  );
}

function FrozenLog(props: Props): JSX.Element {
  const { task } = props;
  const logs = frozen?.logs;
  const rows = useMemo(
    () => (logs?.entries ?? []).filter((row) => task === undefined || row.task === task),
    [logs, task],
  );
  return <Log {...props} rows={rows} skipped={logs?.skipped ?? 0} loading={false} />;
}

function LiveLog({ url, ...props }: Props & { url: string }): JSX.Element {
  const [{ rows, skipped, loading }, setLog] = useState({ rows: [] as LogRow[], skipped: 0, loading: true });
  const { problem } = useStream(url, () => ({
    begin: () => setLog({ rows: [], skipped: 0, loading: true }),
    events: {
      logs: ({ entries, skipped: more = 0 }: LogBatch) =>
        setLog((log) => {
          const all = log.rows.concat(entries);
          const over = Math.max(0, all.length - kept);
          return { rows: over > 0 ? all.slice(over) : all, skipped: log.skipped + more + over, loading: false };
        }),
    },
  }));
  if (problem !== undefined) return <Notice>{problem}</Notice>;
  return <Log {...props} rows={rows} skipped={skipped} loading={loading} />;
}

interface LogProps extends Omit<Props, 'address'> {
  rows: readonly LogRow[];
  skipped: number;
  loading: boolean;
}

function Log({ rows, skipped, loading, task, taskCount, onTask, find, onFind }: LogProps): JSX.Element {
  const [filter, setFilter] = useState<Omit<LogFilter, 'find'>>({ only: false, severity: 'DEFAULT', log: '' });
  const { lines, found } = useMemo(() => filtered(rows, { ...filter, find }), [rows, filter, find]);
  const box = useRef<HTMLDivElement>(null);
  const visible = useVisibleRows(box, lines.length, rowHeight);
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<LogRow>();
  const [match, setMatch] = useState(-1);

  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, follow]);
  const first = find === '' ? undefined : found[0];
  useEffect(() => {
    setMatch(first === undefined ? -1 : 0);
    if (first === undefined) return;
    setFollow(false);
    reveal(box.current, first, rowHeight);
  }, [find, filter, first]);

  const jump = (by: number): void => {
    if (found.length === 0) return;
    const next = match < 0 ? (by > 0 ? 0 : found.length - 1) : (match + by + found.length) % found.length;
    setMatch(next);
    setFollow(false);
    reveal(box.current, found[next] ?? 0, rowHeight);
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element && follow && element.scrollTop + element.clientHeight < element.scrollHeight - 2 * rowHeight) {
      setFollow(false);
    }
  };
  const marked = found[match];
  return (
    <div class="log-view">
      <div class="controls" role="search">
        <label class="grow">
          <span class="hidden">Search the log</span>
          <input
            type="search"
            placeholder="Search"
            value={find}
            onInput={({ currentTarget }) => onFind(currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && jump(event.shiftKey ? -1 : 1)}
          />
        </label>
        <span class="matches" role="status">
          {find !== '' && (match < 0 ? count(found.length, 'match', 'matches') : `${match + 1} of ${found.length}`)}
        </span>
        <button type="button" disabled={found.length === 0} onClick={() => jump(-1)} aria-label="Previous match">
          Prev
        </button>
        <button type="button" disabled={found.length === 0} onClick={() => jump(1)} aria-label="Next match">
          Next
        </button>
        <label>
          <input
            type="checkbox"
            checked={filter.only}
            onChange={({ currentTarget }) => setFilter({ ...filter, only: currentTarget.checked })}
          />
          Matches only
        </label>
        <label>
          Severity
          <select
            value={filter.severity}
            onChange={({ currentTarget }) => setFilter({ ...filter, severity: currentTarget.value })}
          >
            {severities.map((severity) => (
              <option key={severity} value={severity}>
                {severity === 'DEFAULT' ? 'any' : severity.toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        <label>
          Stream
          <select
            value={filter.log}
            onChange={({ currentTarget }) => setFilter({ ...filter, log: currentTarget.value as LogFilter['log'] })}
          >
            <option value="">all</option>
            <option value="stdout">stdout</option>
            <option value="stderr">stderr</option>
            <option value="system">system</option>
          </select>
        </label>
        <label>
          Task
          <input
            type="number"
            min={0}
            max={taskCount - 1}
            placeholder="all"
            value={task ?? ''}
            onChange={({ currentTarget }) =>
              onTask(currentTarget.value === '' ? undefined : Math.max(0, Number(currentTarget.value)))
            }
          />
        </label>
        {!frozen && (
          <label>
            <input
              type="checkbox"
              checked={follow}
              onChange={({ currentTarget }) => setFollow(currentTarget.checked)}
            />
            Follow
          </label>
        )}
      </div>
      {skipped > 0 && (
        <p class="note">
          {count(skipped, 'older line is', 'older lines are')} not shown. `localrun jobs executions logs read` reads
          all.
        </p>
      )}
      <div
        class="log"
        role="log"
        aria-live="off"
        aria-label="Log"
        tabIndex={0}
        ref={box}
        onScroll={onScroll}
        onKeyDown={({ key }) => {
          if (key === 'Escape') setOpen(undefined);
          else if (key === 'Enter') setOpen(lines[marked ?? visible.first]);
        }}
      >
        {lines.length === 0 && (
          <Empty>{loading ? 'Reading…' : rows.length > 0 ? 'No line matches.' : 'Nothing has been written.'}</Empty>
        )}
        <Rows
          window={visible}
          count={lines.length}
          rowHeight={rowHeight}
          row={(i) => {
            const line = lines[i];
            return line && <Line key={i} line={line} find={find} marked={i === marked} onOpen={setOpen} />;
          }}
        />
      </div>
      {open && <LineDetail line={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

const origin = ({ task, attempt, container }: LogRow): string =>
  task === undefined ? '' : `${task}${attempt ? `.${attempt}` : ''}${container ? ` ${container}` : ''}`;

interface LineProps {
  line: LogRow;
  find: string;
  marked: boolean;
  onOpen: (line: LogRow) => void;
}

const Line = ({ line, find, marked, onOpen }: LineProps): JSX.Element => (
  <div
    class={`entry ${line.log} ${(line.severity ?? 'default').toLowerCase()}${marked ? ' marked' : ''}`}
    onClick={() => window.getSelection()?.isCollapsed && onOpen(line)}
  >
    <time dateTime={line.time}>{clock(line.time, { ms: true })}</time>
    <span class="origin" title="task.attempt container">
      {origin(line)}
    </span>
    <span class="severity">{line.severity ?? ''}</span>
    <span class="text">
      {parts(line.text.slice(0, shown), find).map((part, i) => (i % 2 === 1 ? <mark key={i}>{part}</mark> : part))}
    </span>
  </div>
);

const LineDetail = ({ line, onClose }: { line: LogRow; onClose: () => void }): JSX.Element => (
  <aside class="detail" aria-label="Log entry">
    <header>
      <h2>{moment(line.time)}</h2>
      <span>
        {[line.severity, line.log, line.task === undefined ? undefined : `task ${line.task}, attempt ${line.attempt}`]
          .filter(Boolean)
          .join(' · ')}
      </span>
      <button type="button" class="quiet" onClick={onClose}>
        Close
      </button>
    </header>
    <pre class="wrap">{line.json ?? line.text}</pre>
  </aside>
);
