import { taskIndexes } from '../../../model/task-selection.js';
import type { ExecutionEvent } from '../../../model/events.js';
import { seenAtLast } from '../../../model/log-lines.js';
import type { Execution } from '../../../model/schema/job.js';
import type { LineSource, TaskLine } from '../../../service/logs.js';
import type { Io } from '../../io.js';
import { livePainter, plainPainter } from './painter.js';
import { advance, frame, frameInterval, headline, newProgress, runningIn, sentence } from './progress.js';
import { signs } from '../symbols.js';

/** Shows an execution on stderr while it runs. */
export interface View {
  onEvent(event: ExecutionEvent): void;
  onLines(lines: readonly TaskLine[]): void;
  say(text: string): void;
  /** The number of running attempts. */
  running(): number;
  close(): void;
}

/** After this long without output, in ms, a log says that the execution is still running. */
const heartbeatInterval = 30_000;

/** Lines that scroll and, on a terminal, the state of the execution below them. */
export function openView({ err, env }: Pick<Io, 'err' | 'env'>, execution: Execution, now: () => number): View {
  const live = err.tty && !env['CI'];
  const { chalk } = err;
  let progress = newProgress(execution, now());
  let lastWord = now();
  const rows = (): string[] => frame(progress, { width: err.columns, height: err.rows, now: now() }, err);
  /** The reasons of attempts to wait that were reported. */
  const reasons = new Set<string>();
  const painter = live ? livePainter(err, rows) : plainPainter(err);
  const print = (lines: string): void => {
    lastWord = now();
    painter.print(lines);
  };
  const say = (line: string): void => print(`${line}\n`);
  const prefix = ({ task, container, stream }: LineSource): string => {
    const bar = stream === 'stderr' ? chalk.red(signs(err).bar) : chalk.dim(signs(err).bar);
    const name = `task ${String(task).padStart(digits)}${container === undefined ? '' : ` ${container}`}`;
    return `${chalk.cyan(name)} ${bar} `;
  };
  const beat = (): void => {
    if (now() - lastWord >= heartbeatInterval) say(headline(progress, now(), err));
  };
  const timer = setInterval(() => (live ? painter.repaint() : beat()), live ? frameInterval : 1000);
  const digits = String(taskIndexes(execution).at(-1)).length;
  painter.repaint();
  return {
    onEvent(event) {
      progress = advance(progress, event, now());
      if (event.type === 'attempt.waiting' && event.why !== undefined) {
        // On a terminal the rows show it. In a log, many tasks wait for the same.
        if (live || reasons.has(event.why)) return;
        reasons.add(event.why);
      }
      const line = sentence(event, execution.template, err);
      if (line !== undefined) say(line);
    },
    onLines(lines) {
      if (lines.length === 0) return;
      const prefixes = new Map<LineSource, string>();
      let text = '';
      for (const line of lines) {
        let before = prefixes.get(line.source);
        if (before === undefined) prefixes.set(line.source, (before = prefix(line.source)));
        text += `${before}${seenAtLast(line.text)}\n`;
      }
      print(text);
    },
    say,
    running: () => runningIn(progress),
    close() {
      clearInterval(timer);
      painter.close();
      if (live) err.write('\n');
    },
  };
}
