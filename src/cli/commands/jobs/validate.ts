import { type Problem, StatusError } from '../../../model/errors.js';
import type { CommonOptions } from '../../flags/global.js';
import type { Context } from '../../command/context.js';
import { formatProblems, remedyText, Reported, UsageError } from '../../errors.js';
import type { Output } from '../../io.js';
import { printAll } from '../../output/print.js';
import { annotations, loggable } from '../../output/workflow-commands.js';
import { plain } from '../../output/resource-kinds.js';
import { expandGlobs, readSpecText } from '../../command/spec-file.js';

interface Checked {
  file: string;
  valid: boolean;
  /** The ids of the jobs without errors. */
  jobs: string[];
  problems: Problem[];
}

type ValidateOptions = CommonOptions & { file?: string[]; strict?: true };

export function parse(_: unknown, { file = [] }: ValidateOptions, files: string[]): object {
  if (file.length + files.length > 0) return {};
  throw new UsageError('argument FILE: Must be specified.', 'localrun jobs validate job.yaml');
}

export async function run(context: Context, options: ValidateOptions, files: string[]): Promise<void> {
  const { io } = context;
  const checked: Checked[] = [];
  for (const name of await expandGlobs(context, [...(options.file ?? []), ...files]))
    checked.push(await check(context, name, options.strict));
  const shown = options.format === undefined ? checked : checked.map(forMachines);
  await printAll(context, options, shown, {
    kind: plain,
    human: () => loggable(checked.map((one) => forPeople(one, io.out)).join(''), io),
  });
  io.err.write(
    annotations(
      checked.flatMap(({ problems }) => problems),
      io,
    ),
  );
  if (!checked.every(({ valid }) => valid)) throw new Reported();
}

async function check(context: Context, name: string, strict: true | undefined): Promise<Checked> {
  const { readJobs } = await import('../../../model/spec/read.js');
  try {
    const { file, text } = await readSpecText(context, name);
    const { jobs, problems } = readJobs(file, text, { strict });
    const valid = problems.every(({ severity }) => severity !== 'error');
    return { file, valid, jobs: jobs.map(({ id }) => id ?? 'unnamed job'), problems };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { message, fix } = error;
    return { file: name, valid: false, jobs: [], problems: [{ rule: 'file', message, fix, severity: 'error' }] };
  }
}

function forPeople({ file, valid, jobs, problems }: Checked, out: Output): string {
  const lines = formatProblems(problems, out);
  if (valid) lines.push(`${file}: valid (${jobs.join(', ')})`);
  return lines.map((line) => `${line}\n`).join('');
}

const forMachines = ({ problems, ...rest }: Checked): object => ({
  ...rest,
  problems: problems.map(({ location, path, rule, severity, message, fix }) => ({
    file: rest.file,
    line: location?.line,
    column: location?.column,
    path,
    rule,
    severity,
    message,
    fix: fix && remedyText(fix),
  })),
});
