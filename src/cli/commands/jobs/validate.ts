import { type Problem, Reported, StatusError, UsageError } from '../../../model/errors.js';
import { type CommonOptions, defineCommand } from '../../command/command.js';
import type { Context } from '../../command/context.js';
import { formatProblems } from '../../errors.js';
import type { Output } from '../../io.js';
import { printAll } from '../../output/print.js';
import { plain } from '../../output/format/resource-kinds.js';
import { expandGlobs, readSpecText } from '../../command/spec-file.js';

interface Checked {
  file: string;
  valid: boolean;
  /** The ids of the jobs without errors. */
  jobs: string[];
  problems: Problem[];
}

type ValidateOptions = CommonOptions & { file?: string[]; strict?: true };

export const validate = defineCommand<ValidateOptions, [files: string[]]>(
  'validate',
  'Check job specs against every rule, without storing anything.',
  (command) =>
    command
      .argument('[file...]', 'job specs, YAML or JSON, v1 or v2; globs; - for stdin')
      .option('-f, --file <file...>', 'the same, as an option')
      .option('--strict', 'take what Cloud Run accepts although it is hardly meant as an error, too')
      .addHelpText(
        'after',
        `
Exits with 1 if anything is wrong. With --format json: for each file the problems with line, column, path, rule,
severity, message and fix. docs/rules.md lists the rules.

Examples:
  localrun jobs validate job.yaml
  localrun jobs validate 'deploy/**/*.yaml' --strict
  gcloud run jobs describe nightly --format export | localrun jobs validate -`,
      ),
  async (context, options, files) => {
    const checked: Checked[] = [];
    for (const name of await expandGlobs(context, [...(options.file ?? []), ...files]))
      checked.push(await check(context, name, options.strict));
    const shown = options.format === undefined ? checked : checked.map(forMachines);
    await printAll(context, options, shown, {
      kind: plain,
      human: () => checked.map((one) => forPeople(one, context.io.out)).join(''),
    });
    if (!checked.every(({ valid }) => valid)) throw new Reported();
  },
  {
    parse: (_, { file = [] }, files) => {
      if (file.length + files.length > 0) return {};
      throw new UsageError('argument FILE: Must be specified.', 'localrun jobs validate job.yaml');
    },
  },
);

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
    fix,
  })),
});
