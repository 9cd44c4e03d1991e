import type { Context } from '../context.js';

/** Shows what is waited for while it is: on a terminal a spinner with `tell`'s latest words, elsewhere one line. */
export async function tracked<T>(
  { io: { err, env, spin } }: Context,
  what: string,
  wait: (tell: (words: string) => void) => Promise<T>,
): Promise<T> {
  if (!err.tty || env['CI']) {
    err.write(`${what}...\n`);
    return wait(() => {});
  }
  const spinner = await spin(`${what}...`);
  try {
    return await wait((words) => spinner.show(`${what}... ${words}`));
  } finally {
    spinner.stop();
  }
}
