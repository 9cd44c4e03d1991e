import { UsageError } from '../../../model/errors.js';
import { shortName } from '../../../model/names.js';
import { getJob } from '../../../service/jobs.js';
import { applyJob, executeHint } from '../../apply.js';
import { type CommonOptions, defineCommand } from '../../command.js';
import { print } from '../../render/format.js';
import { jobKind } from '../../render/format/resources.js';
import { readJobFile } from '../../spec-file.js';

export const replace = defineCommand<CommonOptions & { file?: string; strict?: true }, [file: string | undefined]>(
  'replace',
  'Create a job, or replace all of it, by the spec in a YAML or JSON file.',
  (command) =>
    command
      .argument('[file]', 'job spec, - for stdin; ./job.yaml if none is given')
      .option('-f, --file <file>', 'the same, as an option')
      .option('--strict', 'refuse a spec that Cloud Run accepts although it is hardly meant'),
  async (context, options, argument) => {
    if (argument !== undefined && options.file !== undefined) {
      throw new UsageError('Give the spec file either as FILE or with -f, not both.');
    }
    const described = await readJobFile(context, argument ?? options.file ?? 'job.yaml', options, undefined);
    const service = await context.service();
    const result = applyJob(service, described);
    const what = result === 'unchanged' ? 'is unchanged' : `has been successfully ${result}`;
    context.io.err.write(`Job [${shortName(described.name)}] ${what}.\n${executeHint(described.name)}`);
    await print(context, options, getJob(service, described.name), { kind: jobKind });
  },
);
