import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JobRow, Overview } from './data.js';
import { ExecutionTable } from './execution-table.js';
import { count } from './format.js';
import { placeOf, shortName } from './names.js';
import { href } from './navigation.js';
import { Ago, Empty, Status, useNow } from './parts.js';

/** The jobs of a project, and its newest executions. */
export function OverviewPage({ data }: { data: Overview }): JSX.Element {
  const now = useNow(true);
  const [find, setFind] = useState('');
  const wanted = find.trim().toLowerCase();
  const jobs = data.jobs.filter(({ name }) => shortName(name).includes(wanted));
  const executions = data.executions.filter(({ name }) => shortName(name).includes(wanted));
  return (
    <>
      <div class="controls">
        <label class="grow">
          <span class="hidden">Filter by name</span>
          <input
            type="search"
            placeholder="Filter by name"
            value={find}
            onInput={({ currentTarget }) => setFind(currentTarget.value)}
          />
        </label>
      </div>
      <div class="columns">
        <section aria-labelledby="executions">
          <h2 id="executions">Executions</h2>
          <ExecutionTable
            rows={executions}
            more={data.more}
            now={now}
            empty={wanted ? 'No execution has such a name.' : 'Nothing has run yet.'}
          />
        </section>
        <section aria-labelledby="jobs">
          <h2 id="jobs">Jobs</h2>
          <JobTable jobs={jobs} now={now} filtered={wanted !== ''} project={data.project} />
        </section>
      </div>
    </>
  );
}

interface TableProps {
  jobs: readonly JobRow[];
  now: number;
  filtered: boolean;
  project: string;
}

function JobTable({ jobs, now, filtered, project }: TableProps): JSX.Element {
  if (jobs.length === 0) {
    return <Empty>{filtered ? 'No job has such a name.' : `The project ${project} has no jobs yet.`}</Empty>;
  }
  return (
    <div class="scroll">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">Last execution</th>
            <th scope="col" class="number wide">
              Region
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map(({ name, images, latest, taskCount }) => {
            const place = placeOf(name);
            return (
              <tr key={name}>
                <th scope="row" class="grow">
                  <a href={href({ view: 'job', id: shortName(name), ...place })}>{shortName(name)}</a>
                  <p class="sub" title={images.join(', ')}>
                    {images.join(', ')}
                    {taskCount > 1 && ` · ${count(taskCount, 'task')}`}
                  </p>
                </th>
                <td>
                  {latest ? (
                    <>
                      <a class="plain" href={href({ view: 'execution', id: latest.id, ...place })}>
                        <Status status={latest.status} />
                      </a>
                      <p class="sub">
                        <Ago time={latest.createTime} now={now} />
                      </p>
                    </>
                  ) : (
                    <span class="sub">never run</span>
                  )}
                </td>
                <td class="number wide">{place.region}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
