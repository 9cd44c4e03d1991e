import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ExecutionView, JobView, Overview, TaskRow } from './data.js';
import { ExecutionPage } from './execution-page.js';
import { statuses } from './format.js';
import { frozen } from './frozen.js';
import { JobPage } from './job-page.js';
import { followLinks, go, href, useRoute } from './navigation.js';
import { OverviewPage } from './overview-page.js';
import { Empty, Notice } from './parts.js';
import type { Route } from './route.js';
import { type Connection, useStream } from './stream.js';

/** The query by which the server knows what a route shows. */
function addressOf({ view, id, project, region }: Route): string {
  const query = new URLSearchParams();
  if (view !== 'overview') query.set(view, id);
  if (project) query.set('project', project);
  if (region) query.set('region', region);
  return query.toString();
}

/** What the stream of a view has told so far. */
interface Shown {
  overview?: Overview | undefined;
  job?: JobView | undefined;
  execution?: ExecutionView | undefined;
  tasks: readonly TaskRow[];
}

const nothing: Shown = { tasks: [] };

/** The tasks after some have changed. An execution may have only some of its job's tasks. */
function merged(tasks: readonly TaskRow[], changed: readonly TaskRow[]): TaskRow[] {
  const all = new Map([...tasks, ...changed].map((task) => [task.index, task]));
  return [...all.values()].sort((a, b) => a.index - b.index);
}

export function App(): JSX.Element {
  const route = useRoute();
  return frozen ? <FrozenPage route={route} /> : <LivePage route={route} />;
}

function FrozenPage({ route }: { route: Route }): JSX.Element | null {
  useTitle(route, frozen?.view);
  if (!frozen) return null;
  return (
    <main>
      <ExecutionPage data={frozen.view} tasks={frozen.tasks} route={route} address="" />
    </main>
  );
}

function LivePage({ route }: { route: Route }): JSX.Element {
  const address = addressOf(route);
  const [shown, setShown] = useState<Shown>(nothing);
  const { connection, problem } = useStream(`/_localrun/events?${address}`, () => {
    setShown(nothing);
    return {
      begin: () => setShown((now) => ({ ...now, tasks: [] })),
      events: {
        overview: (overview: Overview) => setShown({ overview, tasks: [] }),
        job: (job: JobView) => setShown({ job, tasks: [] }),
        execution: (execution: ExecutionView) => setShown(({ tasks }) => ({ execution, tasks })),
        tasks: (changed: TaskRow[]) => setShown((now) => ({ ...now, tasks: merged(now.tasks, changed) })),
      },
    };
  });
  useTitle(route, shown.execution);
  const { overview, job, execution, tasks } = shown;
  return (
    <div class="frame" onClick={followLinks}>
      <Header route={route} connection={connection} overview={overview} />
      <main>
        {problem !== undefined && <Notice>{problem}</Notice>}
        {route.view === 'overview' && overview ? (
          <OverviewPage data={overview} />
        ) : route.view === 'job' && job ? (
          <JobPage data={job} route={route} address={address} />
        ) : route.view === 'execution' && execution ? (
          <ExecutionPage key={route.id} data={execution} tasks={tasks} route={route} address={address} />
        ) : (
          problem === undefined && <Empty>Reading…</Empty>
        )}
      </main>
    </div>
  );
}

const connections: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Not connected',
};

interface HeaderProps {
  route: Route;
  connection: Connection;
  overview: Overview | undefined;
}

function Header({ route, connection, overview }: HeaderProps): JSX.Element {
  const { view, id, project, region } = route;
  return (
    <header class="top">
      <nav aria-label="Path">
        <a class="brand" href={href({ view: 'overview', id: '', project })}>
          localrun
        </a>
        {view !== 'overview' && <span aria-current="page">{id}</span>}
      </nav>
      {overview && overview.projects.length > 1 ? (
        <label>
          Project
          <select
            value={overview.project}
            onChange={({ currentTarget }) => go({ view: 'overview', id: '', project: currentTarget.value })}
          >
            {overview.projects.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      ) : (
        <span class="place">{overview?.project ?? [project, region].filter(Boolean).join(' · ')}</span>
      )}
      <span class={`connection ${connection}`} role="status">
        {connections[connection]}
      </span>
    </header>
  );
}

function useTitle({ view, id }: Route, execution: ExecutionView | undefined): void {
  const status = view === 'execution' && execution ? `${statuses[execution.row.status].text} · ` : '';
  const title = view === 'overview' ? 'localrun' : `${status}${id} · localrun`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
