import type { Context } from '../context.js';

/** Shows what is waited for while it is: on a terminal a spinner with `tell`'s latest words, elsewhere one line. */
export async function tracked<T>(
  { io }: Context,
  what: string,
  wait: (tell: (words: string) => void) => Promise<T>,
): Promise<T> {
  if (!io.err.tty || io.env['CI']) {
    io.err.write(`${what}...\n`);
    return wait(() => {});
  }
  const { default: ora } = await import('ora');
  const spinner = ora({ text: `${what}...`, stream: io.terminal, discardStdin: false }).start();
  try {
    return await wait((words) => void (spinner.text = `${what}... ${words}`));
  } finally {
    spinner.stop();
  }
}
