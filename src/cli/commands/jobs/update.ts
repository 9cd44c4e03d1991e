import { getJob, updateJob } from '../../../service/jobs.js';
import { changedJob, describedJob, type SpecOptions } from '../../apply.js';
import { defineCommand, jobNameOf } from '../../command.js';
import { afterwards, type AfterwardsFlags, declareAfterwardsFlags } from '../../execution.js';
import { declareJobFlags, readJobEdit } from '../../job-flags/apply.js';
import { print } from '../../render/format.js';

export const update = defineCommand<SpecOptions & AfterwardsFlags, [job: string | undefined]>(
  'update',
  'Change a job by flags, or replace its spec by that of a file.',
  (command) =>
    declareJobFlags(
      declareAfterwardsFlags(
        command.argument('[job]', 'the name of the job').option('-f, --file <file>', 'job spec, - for stdin'),
      ),
    ),
  async (context, options, id) => {
    const edit = await readJobEdit(options, context.io.cwd);
    const service = await context.service();
    const described =
      options.file === undefined
        ? changedJob(context, getJob(service, jobNameOf(context, options, id)), edit)
        : await describedJob(context, options, id);
    const updated = updateJob(service, described);
    await print(context, options.format, await afterwards(context, service, updated, 'updated', options), {});
  },
);
