import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { TaskState } from '../model/task.js';
import { describedCount, selectionOf } from '../model/task-selection.js';
import { Actions } from './actions.js';
import { executionLines } from './command-lines.js';
import { Commands } from './commands.js';
import type { ExecutionView, TaskRow } from './data.js';
import { isActive, Progress, ran } from './execution-table.js';
import { moment, span, taskStates, toneOf } from './format.js';
import { frozen } from './frozen.js';
import { LogView } from './log-view.js';
import { placeOf } from './names.js';
import { go, href } from './navigation.js';
import { overridesLike } from './overrides.js';
import { Empty, Glyph, Status, Tabs, useNow } from './parts.js';
import type { Route } from './route.js';
import { TaskDetail } from './task-detail.js';
import { TaskGrid } from './task-grid.js';
import { Timeline } from './timeline.js';
import { YamlView } from './yaml-view.js';

interface Props {
  data: ExecutionView;
  /** By index; a new array after every change. */
  tasks: readonly TaskRow[];
  route: Route;
  /** The query of the execution. */
  address: string;
}

export function ExecutionPage({ data: { execution, row, job }, tasks, route, address }: Props): JSX.Element {
  const active = isActive(row) && !frozen;
  const now = useNow(active);
  const tab = route.tab ?? 'tasks';
  const place = placeOf(execution.name);
  const overrides = useMemo(() => (job ? overridesLike(execution, job) : {}), [execution, job]);
  const completed = execution.conditions?.find(({ type }) => type === 'Completed');
  const message = completed?.message ?? '';
  const set = (change: Partial<Route>): void => go({ ...route, ...change }, true);
  const end = execution.completionTime ? Date.parse(execution.completionTime) : frozen ? Date.parse(frozen.time) : now;
  const jobHref = href({ view: 'job', id: execution.job, ...place });
  return (
    <>
      <header class="title">
        <div>
          <h1>{route.id}</h1>
          <Status status={row.status} />
        </div>
        {frozen ? (
          <p class="note">As it was at {moment(frozen.time)}.</p>
        ) : (
          <Actions
            job={job}
            overrides={overrides}
            runText="Run again"
            cancellable={isActive(row) ? execution.name : undefined}
          />
        )}
      </header>
      {message !== '' && row.status === 'EXECUTION_FAILED' && <p class="message failed">{message}</p>}
      <Progress counts={row.counts} taskCount={row.taskCount} />
      <dl class="facts">
        <div>
          <dt>Job</dt>
          <dd>{frozen ? execution.job : <a href={jobHref}>{execution.job}</a>}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>{moment(execution.createTime)}</dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd>{row.startTime ? span(ran(row, end)) : 'not started'}</dd>
        </div>
        <div>
          <dt>At once</dt>
          <dd>{(execution.parallelism ?? row.taskCount).toLocaleString('en')}</dd>
        </div>
        {selectionOf(execution) && (
          <div>
            <dt>Tasks</dt>
            <dd>{describedCount(execution)}</dd>
          </div>
        )}
        <div>
          <dt>Region</dt>
          <dd>{place.region}</dd>
        </div>
        <div>
          <dt>By</dt>
          <dd>{execution.creator}</dd>
        </div>
      </dl>
      <Tabs
        label="Execution"
        selected={tab}
        onSelect={(id) => go({ ...route, tab: id })}
        tabs={[
          { id: 'tasks', text: 'Tasks', badge: row.taskCount },
          { id: 'timeline', text: 'Timeline' },
          { id: 'logs', text: 'Logs' },
          { id: 'yaml', text: 'YAML' },
          { id: 'commands', text: 'Commands' },
        ]}
      >
        {tab === 'logs' ? (
          <LogView
            address={address}
            task={route.task}
            taskCount={row.taskCount}
            onTask={(task) => set({ task })}
            find={route.find ?? ''}
            onFind={(find) => set({ find: find || undefined })}
          />
        ) : tab === 'yaml' ? (
          <YamlView address={address} etag={execution.etag} />
        ) : tab === 'commands' ? (
          <Commands
            lines={executionLines(
              execution.name,
              execution.name.replace(/\/executions\/.*$/, ''),
              overrides,
              row.counts.failed > 0,
            )}
          />
        ) : (
          <Tasks tasks={tasks} route={route} set={set} now={end} from={Date.parse(execution.createTime)} tab={tab} />
        )}
      </Tabs>
    </>
  );
}

interface TasksProps {
  tasks: readonly TaskRow[];
  route: Route;
  set: (change: Partial<Route>) => void;
  from: number;
  now: number;
  tab: string;
}

/** The tasks as a grid or a timeline, all or those of one state, and the selected one. */
function Tasks({ tasks, route, set, from, now, tab }: TasksProps): JSX.Element {
  const counts = useMemo(() => {
    const found = new Map<TaskState, number>();
    for (const { state } of tasks) found.set(state, (found.get(state) ?? 0) + 1);
    return found;
  }, [tasks]);
  const state = taskStates.find((one) => one === route.state);
  const wanted = useMemo(() => (state ? tasks.filter((task) => task.state === state) : tasks), [tasks, state]);
  const selected = tasks.find(({ index }) => index === route.task);
  const select = (task: number | undefined): void => set({ task });
  return (
    <>
      <div class="controls chips" role="group" aria-label="States">
        {taskStates
          .filter((one) => counts.has(one) || one === state)
          .map((one) => (
            <button
              key={one}
              type="button"
              class={`chip ${toneOf(one)}`}
              aria-pressed={one === state}
              onClick={() => set({ state: one === state ? undefined : one })}
            >
              <Glyph tone={toneOf(one)} />
              {one} <b>{(counts.get(one) ?? 0).toLocaleString('en')}</b>
            </button>
          ))}
        <label class="end">
          Go to task
          <input
            type="number"
            min={0}
            max={tasks.at(-1)?.index ?? 0}
            value={route.task ?? ''}
            onInput={({ currentTarget }) =>
              select(currentTarget.value === '' ? undefined : Math.max(0, Number(currentTarget.value)))
            }
          />
        </label>
      </div>
      {wanted.length === 0 ? (
        <Empty>{state ? `No task is ${state.toLowerCase()}.` : 'Reading…'}</Empty>
      ) : tab === 'timeline' ? (
        <Timeline tasks={wanted} from={from} to={now} selected={route.task} onSelect={select} />
      ) : (
        <TaskGrid tasks={wanted} selected={route.task} onSelect={select} />
      )}
      {selected && (
        <TaskDetail
          task={selected}
          now={now}
          logs={href({ ...route, tab: 'logs' })}
          onClose={() => select(undefined)}
        />
      )}
    </>
  );
}
