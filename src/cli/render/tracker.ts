import type { Context } from '../context.js';
import { livePainter } from './painter.js';
import { frameInterval, liveRow } from './progress.js';

/** Shows what is waited for while it is: on a terminal a row with `tell`'s latest words, elsewhere one line. */
export async function tracked<T>(
  { io: { err, env } }: Context,
  what: string,
  wait: (tell: (words: string) => void) => Promise<T>,
): Promise<T> {
  if (!err.tty || env['CI']) {
    err.write(`${what}...\n`);
    return wait(() => {});
  }
  let row = `${what}...`;
  const painter = livePainter(err, () => [liveRow(row, err.columns, Date.now(), err.chalk)]);
  const timer = setInterval(() => painter.repaint(), frameInterval);
  painter.repaint();
  try {
    return await wait((words) => void (row = `${what}... ${words}`));
  } finally {
    clearInterval(timer);
    painter.close();
  }
}
