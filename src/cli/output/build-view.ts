import { formatSpan } from '../../model/time.js';
import type { BuildLine } from '../../service/build-image.js';
import type { Io } from '../io.js';
import { printable } from '../../model/printable.js';
import { isLive, livePainter, plainPainter } from './live/painter.js';
import { wrap } from './live/wrap.js';
import { signs } from './symbols.js';
import { cut, oneLine } from './text-width.js';

/** Shows a build on stderr while it runs. */
export interface BuildView {
  onLine(line: BuildLine): void;
  /** Ends the view. On a terminal, which shows only the last lines until then, prints `output` if it is given. */
  close(output?: readonly string[]): void;
}

/** How many of the last lines a terminal shows, and how often it shows the time, in ms. */
const shownLines = 6;
const interval = 250;

/**
 * On a terminal, the current step and the last lines below it, which vanish at the end. Elsewhere, every line.
 * @param name what is built
 */
export function openBuildView({ err, env }: Pick<Io, 'err' | 'env'>, name: string, now: () => number): BuildView {
  const { chalk } = err;
  const begun = now();
  const live = isLive({ err, env });
  const last: string[] = [];
  let step: string | undefined;
  const row = (text: string): string => cut(oneLine(text), err.columns - 1, err);
  const rows = (): string[] => [
    row(`Building ${name}  ${formatSpan(Math.floor((now() - begun) / 100) * 100)}  ${step ?? ''}`),
    ...last.map((line) => chalk.dim(row(`  ${line}`))),
  ];
  const painter = live ? livePainter(err, rows) : plainPainter(err);
  const timer = live ? setInterval(() => painter.repaint(), interval) : undefined;
  const prefix = `${chalk.cyan(`build ${name}`)} ${chalk.dim(signs(err).bar)} `;
  const plain = (text: string): string => text.replaceAll('\t', '  ');
  painter.repaint();
  return {
    onLine(line) {
      const text = plain(line.text);
      step = line.step;
      if (!live) return painter.print([prefix + text]);
      last.push(text);
      if (last.length > shownLines) last.shift();
      painter.print([]);
    },
    close(output = []) {
      clearInterval(timer);
      if (live)
        painter.print(
          output.flatMap((line) => wrap(printable(prefix + plain(line), chalk.level > 0), err.columns - 1)),
        );
      painter.close();
    },
  };
}
