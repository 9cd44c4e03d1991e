import type { JSX } from 'preact';
import type { TaskRow } from './data.js';
import { attemptTone, clock, outcome, ranFor, span, toneOf, used } from './format.js';
import { Glyph } from './parts.js';

interface Props {
  task: TaskRow;
  now: number;
  /** The address of its log. */
  logs: string;
  onClose: () => void;
}

const isMeasured = ({ attempts }: TaskRow): boolean => attempts.some(({ usage }) => usage);

/** A task and its attempts. */
export const TaskDetail = ({ task, now, logs, onClose }: Props): JSX.Element => (
  <aside class="detail" aria-label={`Task ${task.index}`}>
    <header>
      <h2>Task {task.index}</h2>
      <span class={`status ${toneOf(task.state)}`}>
        <Glyph tone={toneOf(task.state)} />
        {task.state}
      </span>
      <a href={logs}>Logs of this task</a>
      <button type="button" class="quiet" onClick={onClose}>
        Close
      </button>
    </header>
    {task.attempts.length === 0 ? (
      <p class="empty">It has not been started.</p>
    ) : (
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Attempt</th>
              <th scope="col">Outcome</th>
              <th scope="col">Began</th>
              <th scope="col">Waited</th>
              <th scope="col">Ran</th>
              {isMeasured(task) && <th scope="col">Peak memory</th>}
              {isMeasured(task) && <th scope="col">CPU time</th>}
            </tr>
          </thead>
          <tbody>
            {task.attempts.map((attempt, i) => {
              const ran = ranFor(attempt, now);
              return (
                <tr key={i}>
                  <td>{i}</td>
                  <td class="text">
                    <span class={`status ${attemptTone(attempt)}`}>
                      <Glyph tone={attemptTone(attempt)} />
                      {outcome(attempt)}
                    </span>
                    {attempt.message && <p class="message">{attempt.message}</p>}
                    {attempt.waiting && <p class="message">{attempt.waiting}</p>}
                    {attempt.node && <p class="message">on {attempt.node}</p>}
                  </td>
                  <td>{clock(attempt.created)}</td>
                  <td>{span((attempt.started ?? attempt.ended ?? now) - attempt.created)}</td>
                  <td>{ran === undefined ? '' : span(ran)}</td>
                  {isMeasured(task) && <td>{used(attempt, 'memory')}</td>}
                  {isMeasured(task) && <td>{used(attempt, 'cpu')}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    )}
  </aside>
);
