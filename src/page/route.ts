/** What the address of the page says. */
export interface Route {
  view: 'overview' | 'job' | 'execution';
  /** The id of the job or execution. */
  id: string;
  project?: string | undefined;
  region?: string | undefined;
  tab?: string | undefined;
  /** The index of the selected task. */
  task?: number | undefined;
  /** Only tasks in this state. */
  state?: string | undefined;
  /** What the log is searched for. */
  find?: string | undefined;
}

/**
 * A route from a path and a query, such as `?tab=logs&task=3`. The path is `/executions/PROJECT/REGION/ID`, or short
 * `/executions/ID`: wherever there is one.
 */
export function parseRoute(path: string, search: string): Route {
  const [, kind = '', ...rest] = path.split('/');
  const [id = '', region, project] = rest.toReversed();
  const query = new URLSearchParams(search);
  const task = query.get('task') ?? '';
  const text = (name: string): string | undefined => query.get(name) || undefined;
  return {
    view: kind === 'jobs' ? 'job' : kind === 'executions' ? 'execution' : 'overview',
    id,
    project: project ?? text('project'),
    region: region ?? text('region'),
    tab: text('tab'),
    task: /^\d{1,5}$/.test(task) ? Number(task) : undefined,
    state: text('state'),
    find: text('find'),
  };
}

/** The path and the query of a route. */
export function formatRoute({ view, id, project, region, ...rest }: Route): string {
  const query = new URLSearchParams();
  const long = view !== 'overview' && project !== undefined && region !== undefined;
  const named = long ? rest : { project, region, ...rest };
  for (const [name, value] of Object.entries(named)) if (value !== undefined) query.set(name, String(value));
  const path = view === 'overview' ? '/' : `/${view}s/${long ? `${project}/${region}/` : ''}${id}`;
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}
