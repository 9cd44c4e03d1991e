import type { ExecutionEvent } from '../../model/events.js';
import type { Execution } from '../../model/schema/job.js';
import type { TaskLine } from '../../service/logs.js';
import type { Io } from '../io.js';
import { advance, frame, newProgress, sentence } from './progress.js';

/** Shows an execution on stderr while it runs. */
export interface View {
  onEvent(event: ExecutionEvent): void;
  onLine(line: TaskLine): void;
  say(text: string): void;
  close(): void;
}

/** After this long without a word, a view that is no live one says that it still waits; ms. */
const heartbeatInterval = 30_000;

/** Lines that scroll, and on a terminal the state of the execution below them. */
export async function openView(io: Io, execution: Execution, now: () => number): Promise<View> {
  const live = io.err.tty && !io.env['CI'];
  const painter = live ? await openPainter(io) : plainPainter(io);
  let progress = newProgress(execution, now());
  let lastWord = now();
  const rows = (): string[] => frame(progress, io.err.columns, io.terminal.rows || 24, now());
  const print = (line: string): void => {
    lastWord = now();
    painter.print(line);
  };
  const digits = String(execution.taskCount - 1).length;
  const timer = setInterval(
    () => {
      if (live) painter.paint(rows());
      else if (now() - lastWord >= heartbeatInterval) print(rows().slice(0, 1).join(''));
    },
    live ? 250 : 1000,
  );
  const { chalk } = io.err;
  return {
    onEvent(event) {
      progress = advance(progress, event, now());
      const line = sentence(event, execution.template, chalk);
      if (line !== undefined) print(line);
      if (live) painter.paint(rows());
    },
    onLine({ task, container, stream, text }) {
      const bar = stream === 'stderr' ? chalk.red('│') : chalk.dim('│');
      const name = `task ${String(task).padStart(digits)}${container === undefined ? '' : ` ${container}`}`;
      print(`${chalk.cyan(name)} ${bar} ${text}`);
    },
    say: print,
    close() {
      clearInterval(timer);
      painter.close();
      if (live) io.err.write('\n');
    },
  };
}

interface Painter {
  print(line: string): void;
  paint(rows: readonly string[]): void;
  close(): void;
}

const plainPainter = ({ err }: Io): Painter => ({
  print: (line) => err.write(`${line}\n`),
  paint: () => {},
  close: () => {},
});

/** Rows below lines that scroll; ora repaints them and knows how to get out of the way. */
async function openPainter({ err, terminal }: Io): Promise<Painter> {
  const { default: ora } = await import('ora');
  const spinner = ora({ stream: terminal, discardStdin: false, color: 'cyan' }).start();
  return {
    print(line) {
      spinner.clear();
      err.write(`${line}\n`);
      spinner.render();
    },
    paint: (rows) => void (spinner.text = rows.join('\n')),
    close: () => void spinner.stop(),
  };
}
