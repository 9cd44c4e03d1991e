import { formatSpan } from '../../model/time.js';
import type { BuildLine } from '../../service/build-image.js';
import type { Io } from '../io.js';
import { livePainter, plainPainter } from './live/painter.js';
import { signs } from './symbols.js';

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
  const live = err.tty && !env['CI'];
  const last: string[] = [];
  let step: string | undefined;
  const cut = (text: string): string => {
    const width = Math.max(1, err.columns - 1);
    return text.length > width ? text.slice(0, width - 1) + signs(err).more : text;
  };
  const rows = (): string[] => [
    cut(`Building ${name}  ${formatSpan(Math.floor((now() - begun) / 100) * 100)}  ${step ?? ''}`),
    ...last.map((line) => chalk.dim(cut(`  ${line}`))),
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
      if (!live) return painter.print(`${prefix}${text}\n`);
      last.push(text);
      if (last.length > shownLines) last.shift();
      painter.print('');
    },
    close(output = []) {
      clearInterval(timer);
      if (live) painter.print(output.map((line) => `${prefix}${plain(line)}\n`).join(''));
      painter.close();
    },
  };
}
