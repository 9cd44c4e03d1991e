import type { JSX } from 'preact';
import type { ExecutionRow, TaskCounts } from './data.js';
import { span } from './format.js';
import { placeOf, shortName } from './names.js';
import { href } from './navigation.js';
import { Ago, Empty, Status } from './parts.js';

/** How far the tasks of an execution are, as a bar. The numbers are beside it. */
export function Progress({ counts, taskCount }: { counts: TaskCounts; taskCount: number }): JSX.Element {
  const { succeeded, failed, cancelled, running } = counts;
  const rest = taskCount - succeeded - failed - cancelled - running;
  return (
    <span
      class="progress"
      role="img"
      aria-label={`${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled, ${running} running of ${taskCount}`}
    >
      {(['succeeded', 'failed', 'cancelled', 'running'] as const).map(
        (tone) => counts[tone] > 0 && <i key={tone} class={tone} style={{ flexGrow: counts[tone] }} />,
      )}
      {rest > 0 && <i class="rest" style={{ flexGrow: rest }} />}
    </span>
  );
}

export const ran = ({ createTime, startTime, completionTime }: ExecutionRow, now: number): number =>
  (completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime ?? createTime);

interface Props {
  rows: readonly ExecutionRow[];
  more: boolean;
  now: number;
  /** Leaves the job out. */
  ofOneJob?: boolean;
  empty: string;
}

export function ExecutionTable({ rows, more, now, ofOneJob, empty }: Props): JSX.Element {
  if (rows.length === 0) return <Empty>{empty}</Empty>;
  return (
    <>
      <div class="scroll">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">Execution</th>
              {!ofOneJob && (
                <th scope="col" class="wide">
                  Job
                </th>
              )}
              <th scope="col">Status</th>
              <th scope="col" class="roomy">
                Tasks
              </th>
              <th scope="col" class="wide">
                Duration
              </th>
              <th scope="col" class="number">
                Created
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const place = placeOf(row.name);
              const { succeeded, failed, cancelled } = row.counts;
              return (
                <tr key={row.name}>
                  <th scope="row">
                    <a href={href({ view: 'execution', id: shortName(row.name), ...place })}>{shortName(row.name)}</a>
                  </th>
                  {!ofOneJob && (
                    <td class="wide">
                      <a href={href({ view: 'job', id: row.job, ...place })}>{row.job}</a>
                    </td>
                  )}
                  <td>
                    <Status status={row.status} />
                  </td>
                  <td class="roomy">
                    <span class="tasks">
                      <Progress counts={row.counts} taskCount={row.taskCount} />
                      <span class="of wide">
                        {(succeeded + failed + cancelled).toLocaleString('en')}/{row.taskCount.toLocaleString('en')}
                      </span>
                    </span>
                  </td>
                  <td class="wide">{row.startTime ? span(ran(row, now)) : ''}</td>
                  <td class="number">
                    <Ago time={row.createTime} now={now} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {more && <p class="note">These are the newest {rows.length}.</p>}
    </>
  );
}

export const isActive = ({ completionTime }: ExecutionRow): boolean => completionTime === undefined;
