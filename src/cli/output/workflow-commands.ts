import path from 'node:path';
import type { Problem } from '../../model/errors.js';
import type { Io } from '../io.js';

/**
 * Workflow commands of GitHub Actions. Its runner obeys every line of a log that begins with `::`, and any line with
 * `##[`, also those of a job.
 */

/** GitHub shows no more errors of a step than this. */
export const shownErrors = 10;

/** Whether the output is a log of GitHub Actions. */
export const onGithub = ({ env }: Pick<Io, 'env'>): boolean => env['GITHUB_ACTIONS'] === 'true';

/** Lines to write before and after others that GitHub must not obey. */
function pause(): { stop: string; resume: string } {
  const token = crypto.randomUUID();
  return { stop: `::stop-commands::${token}\n`, resume: `::${token}::\n` };
}

/** Text that shows something of a spec, as a log can have it: GitHub must not obey it. */
export function loggable(text: string, io: Pick<Io, 'env'>): string {
  if (text === '' || !onGithub(io)) return text;
  const { stop, resume } = pause();
  return stop + text + resume;
}

/** Has GitHub obey nothing that `work` writes on stderr. */
export async function logged<T>({ err, env }: Pick<Io, 'err' | 'env'>, work: () => Promise<T>): Promise<T> {
  if (!onGithub({ env })) return work();
  const { stop, resume } = pause();
  err.write(stop);
  try {
    return await work();
  } finally {
    err.write(resume);
  }
}

/** As `logged`, and GitHub folds what `work` writes. */
export async function folded<T>(io: Pick<Io, 'err' | 'env'>, title: string, work: () => Promise<T>): Promise<T> {
  if (!onGithub(io)) return work();
  io.err.write(`::group::${commandText(title)}\n`);
  try {
    return await logged(io, work);
  } finally {
    io.err.write('::endgroup::\n');
  }
}

/** The command that shows an error or a warning beside the step, and at its place in a file, if it has one. */
export function annotation(
  kind: 'error' | 'warning',
  properties: Readonly<Record<string, string | number>>,
  text: string,
): string {
  const shown = Object.entries(properties).map(
    ([name, value]) => `${name}=${commandText(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
  );
  return `::${kind} ${shown.join(',')}::${commandText(text)}\n`;
}

/** On GitHub, the annotations of problems at their places; none for those without a place. */
export function annotations(problems: readonly Problem[], io: Pick<Io, 'cwd' | 'env'>): string {
  // Without a working directory there is no file with problems either.
  if (!onGithub(io) || problems.every(({ location }) => !location)) return '';
  const { cwd, env } = io;
  return problems
    .flatMap(({ location, path: field, message, severity }) => {
      if (!location) return [];
      const { file, line, column } = location;
      const inRepository = path.relative(env['GITHUB_WORKSPACE'] || cwd, path.resolve(cwd, file));
      return annotation(severity, { file: inRepository, line, col: column }, field ? `${field}: ${message}` : message);
    })
    .slice(0, shownErrors)
    .join('');
}

/** Text in a command, which is one line. */
const commandText = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
