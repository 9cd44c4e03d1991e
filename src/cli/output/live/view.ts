import { taskIndexes } from '../../../model/task-selection.js';
import type { ExecutionEvent } from '../../../model/events.js';
import { seenAtLast } from '../../../model/log-lines.js';
import { printable } from '../../../model/printable.js';
import type { Execution } from '../../../model/schema/job.js';
import { type LineSource, sidecarsOf, type TaskLine } from '../../../service/logs.js';
import type { Io } from '../../io.js';
import { signs } from '../symbols.js';
import { isLive, livePainter, type Painter, plainPainter } from './painter.js';
import { frameInterval, panel } from './panel.js';
import { type LeftTask, Progress } from './progress.js';
import { doubt, ending, headline, sentence, stopping } from './sentences.js';
import { TaskLines } from './task-lines.js';
import { wrap } from './wrap.js';

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

/**
 * Opens the view of an execution: on a terminal lines that scroll and the state of the execution below them, otherwise
 * lines only.
 * @param tasks what another process has left of them, if it has begun the execution
 */
export function openView(
  io: Pick<Io, 'err' | 'env'>,
  execution: Execution,
  now: () => number,
  tasks: Iterable<LeftTask> = [],
): View {
  const progress = new Progress(execution, now(), tasks);
  return (isLive(io) ? liveView : plainView)(io.err, execution, progress, now);
}

type Err = Io['err'];

const lastIndexOf = (execution: Execution): number => taskIndexes(execution).at(-1) ?? 0;

function liveView(err: Err, execution: Execution, progress: Progress, now: () => number): View {
  const taskLines = new TaskLines(err, lastIndexOf(execution), sidecarsOf(execution));
  const rows = (): string[] => panel(progress, { width: err.columns, height: err.rows, now: now() }, err);
  const painter = livePainter(err, rows);
  const timer = setInterval(() => painter.repaint(), frameInterval);
  const say = (text: string): void =>
    painter.print(
      printable(text, err.chalk.level > 0)
        .split('\n')
        .flatMap((line) => wrap(line, err.columns - 1)),
    );
  painter.repaint();
  return {
    onEvent(event) {
      progress.advance(event, now());
      if (event.type === 'attempt.ended') {
        const lost = doubt(event, err);
        if (lost !== undefined) say(lost);
        const how = ending(event, execution.template);
        const { task, state } = event;
        if (how !== undefined) painter.print(taskLines.remark(task, state === 'Pending' ? 'retry' : 'failed', how));
        return;
      }
      if (event.type === 'attempt.stopping') {
        const why = stopping(event, execution.template);
        if (why !== undefined) painter.print(taskLines.remark(event.task, 'stopping', why));
        return;
      }
      // The rows show it.
      if (event.type === 'attempt.waiting') return;
      const line = sentence(event, execution.template, err);
      if (line !== undefined) say(line);
    },
    onLines(lines) {
      for (const line of lines) {
        const { rows: shown, saying } = taskLines.rows(line);
        progress.heard(line.source, saying);
        painter.print(shown);
      }
    },
    say,
    running: () => progress.running,
    close() {
      clearInterval(timer);
      painter.close();
      err.write('\n');
    },
  };
}

function plainView(err: Err, execution: Execution, progress: Progress, now: () => number): View {
  const { chalk } = err;
  const painter: Painter = plainPainter(err);
  let lastWord = now();
  const print = (lines: readonly string[]): void => {
    lastWord = now();
    painter.print(lines);
  };
  const say = (line: string): void => print([line]);
  /** The reasons of attempts to wait that were reported: in a log, many tasks wait for the same. */
  const reasons = new Set<string>();
  const digits = String(lastIndexOf(execution)).length;
  const prefix = ({ task, container, stream }: LineSource): string => {
    const bar = stream === 'stderr' ? chalk.red(signs(err).bar) : chalk.dim(signs(err).bar);
    const name = `task ${String(task).padStart(digits)}${container === undefined ? '' : ` ${container}`}`;
    return `${chalk.cyan(name)} ${bar} `;
  };
  const timer = setInterval(() => {
    if (now() - lastWord >= heartbeatInterval) say(headline(progress, now(), err));
  }, 1000);
  return {
    onEvent(event) {
      progress.advance(event, now());
      if (event.type === 'attempt.waiting' && event.why !== undefined) {
        if (reasons.has(event.why)) return;
        reasons.add(event.why);
      }
      const line = sentence(event, execution.template, err);
      if (line !== undefined) say(line);
    },
    onLines(lines) {
      if (lines.length === 0) return;
      const prefixes = new Map<LineSource, string>();
      print(
        lines.map(({ source, text }) => {
          let before = prefixes.get(source);
          if (before === undefined) prefixes.set(source, (before = prefix(source)));
          return before + seenAtLast(text);
        }),
      );
    },
    say,
    running: () => progress.running,
    close: () => clearInterval(timer),
  };
}
