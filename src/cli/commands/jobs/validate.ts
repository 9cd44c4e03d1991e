import { Reported, UsageError, type Problem } from '../../../model/errors.js';
import { type CommonOptions, defineCommand } from '../../command.js';
import { formatProblem } from '../../errors.js';
import { print } from '../../render/format.js';
import { readSpecText } from '../../spec-file.js';

interface Report {
  file: string;
  valid: boolean;
  jobs: string[];
  problems: Problem[];
}

export const validate = defineCommand<CommonOptions & { file?: string[] }>(
  'validate',
  'Check job specs against every rule, without storing anything.',
  (command) => command.option('-f, --file <file...>', 'job specs, YAML or JSON, v1 or v2; - for stdin'),
  async (context, options) => {
    if (!options.file)
      throw new UsageError('argument --file: Must be specified.', 'localrun jobs validate -f job.yaml');
    const { readJobs, checkSpec } = await import('../../../model/spec/read.js');
    const reports: Report[] = [];
    for (const name of options.file) {
      const { file, text } = await readSpecText(context, name);
      const { jobs, problems } = readJobs(file, text);
      const found = [...problems, ...jobs.flatMap((spec) => checkSpec(spec, spec.id ?? 'unnamed'))];
      const valid = found.every(({ severity }) => severity !== 'error');
      reports.push({ file, valid, jobs: jobs.flatMap(({ id }) => id ?? []), problems: found });
    }
    const { out } = context.io;
    await print(context, options.format, reports, {
      human: (all) =>
        all
          .map(({ file, valid, jobs, problems }) =>
            [
              ...problems.map((problem) => formatProblem(problem, out)),
              ...(valid ? [`${file}: valid (${jobs.join(', ')})`] : []),
            ]
              .map((line) => `${line}\n`)
              .join(''),
          )
          .join(''),
    });
    if (!reports.every(({ valid }) => valid)) throw new Reported();
  },
);
