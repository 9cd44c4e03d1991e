import { Interrupted } from '../../errors.js';
import type { Context } from '../../command/context.js';
import type { Spinner } from '../../io.js';

/** Shows a wait while it lasts, on a terminal as a spinner with the latest words of `tell`, and then how it ended. */
export async function tracked<T>(
  { io: { err, env, spin } }: Context,
  what: string,
  wait: (tell: (words: string) => void) => Promise<T>,
): Promise<T> {
  const live = err.tty && !env['CI'];
  const spinner = live ? await spin(`${what}...`) : undefined;
  if (!live) err.write(`${what}...\n`);
  const end = (how: string): void => {
    spinner?.stop();
    err.write(`${live ? `${what}...` : ''}${how}.\n`);
  };
  try {
    const result = await wait((words) => spinner?.show(`${what}... ${words}`));
    end('done');
    return result;
  } catch (error) {
    end(error instanceof Interrupted ? 'interrupted' : 'failed');
    throw error;
  }
}

/** The names of a command's steps. */
export interface Steps {
  heading: string;
  steps: readonly string[];
  /** The message if a step fails. */
  failure: string;
}

/**
 * Reports work in gcloud's words: a heading, each step as it is done, and `Done.` or what has failed. The work calls `at`
 * with its current step, from 0, and optionally with more words for the spinner of a terminal.
 */
export async function stepped<T>(
  { io: { err, env, spin } }: Context,
  { heading, steps, failure }: Steps,
  work: (at: (step: number, words?: string) => void) => Promise<T>,
): Promise<T> {
  const live = err.tty && !env['CI'];
  let spinner: Promise<Spinner> | undefined;
  let latest = '';
  let reached = -1;
  // Finished steps are printed below the heading after the spinner is gone.
  let waiting = '';
  const say = (text: string): void => void (live ? (waiting += text) : err.write(text));
  const advance = (step: number): void => {
    while (reached < step) {
      if (reached >= 0) say('done\n');
      reached++;
      say(`${steps[reached]}...`);
    }
  };
  const end = async (text: string): Promise<void> => {
    say(text);
    (await spinner)?.stop();
    err.write(waiting);
  };
  err.write(`${heading}...\n`);
  try {
    const result = await work((step, words) => {
      advance(step);
      if (!live) return;
      latest = `${steps[step]}...${words === undefined ? '' : ` ${words}`}`;
      spinner ??= spin(latest);
      void spinner.then((shown) => shown.show(latest));
    });
    advance(steps.length - 1);
    await end(reached < 0 ? 'Done.\n' : 'done\nDone.\n');
    return result;
  } catch (error) {
    await end(error instanceof Interrupted ? 'interrupted\n' : `failed\n${failure}\n`);
    throw error;
  }
}

/** Reports that the container engine, or the cluster, has not answered yet. */
export const reportSlowEngine = ({ io, config }: Context, cluster: boolean): void =>
  io.err.write(
    `The ${cluster ? 'cluster' : 'container engine'} has not answered yet; waiting up to ${config.engineTimeout} (LOCALRUN_ENGINE_TIMEOUT).\n`,
  );
