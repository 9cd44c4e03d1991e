import path from 'node:path';
import { StatusError } from '../../model/errors.js';
import { type Grouped, onlyContainer } from '../flags/job/container-groups.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from './context.js';

/** The flags that may name a job by what it runs. */
interface Naming {
  file?: string;
  image?: Grouped<string>;
  source?: Grouped<string>;
}

/**
 * The name of a job: the one given, or, where gcloud prompts for it, the user's answer. Enter accepts the name of the
 * image or of the source, if there is one. A file names its job itself.
 */
export async function askedJob(
  { io }: Context,
  { quiet, file, image, source }: CommonOptions & Naming,
  job: string | undefined,
): Promise<string | undefined> {
  if (job !== undefined || file !== undefined || quiet || !io.interactive) return job;
  const given = image?.[onlyContainer];
  const directory = source?.[onlyContainer];
  const named = given ?? (directory === undefined ? '' : path.resolve(io.cwd, directory).replace(/\.[^/]*$/, ''));
  const [name = ''] = named.replace(/^.*\//, '').split(/[:@]/);
  const unset = name.replaceAll(/[^a-zA-Z0-9-]|^-+|-+$/g, '').toLowerCase();
  return (await io.ask(`Job name${unset && ` (${unset})`}:  `))?.trim() || unset;
}

/**
 * Prompts before something that cannot be undone; `--quiet` and Enter both mean yes.
 * @throws StatusError if the answer is no, or if the session is not interactive
 */
export async function confirm(
  { io }: Context,
  options: CommonOptions,
  what: string,
  question = 'Do you want to continue (Y/n)?  ',
): Promise<void> {
  if (options.quiet) return;
  io.err.write(`${what}\n\n`);
  for (;;) {
    const answer = await io.ask(question);
    if (answer === undefined) {
      throw new StatusError(
        'UNKNOWN',
        'This prompt could not be answered because you are not in an interactive session. You can re-run the command with the --quiet flag to accept default answers for all prompts.',
      );
    }
    if (/^(y(es)?)?$/i.test(answer.trim())) return;
    if (/^no?$/i.test(answer.trim())) throw new StatusError('UNKNOWN', 'Aborted by user.');
    io.err.write("Please enter 'y' or 'n'.\n");
  }
}
