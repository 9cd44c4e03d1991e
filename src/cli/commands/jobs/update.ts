import { shortName } from '../../../model/names.js';
import { getJob, updateJob } from '../../../service/jobs.js';
import { describedJob, executeHint, flagged, type SpecOptions } from '../../apply.js';
import { defineCommand, inWords, jobNameOf } from '../../command.js';
import { declareJobFlags, withJobFlags } from '../../job-flags.js';
import { print } from '../../render/format.js';
import type { NamedJob } from '../../spec-file.js';

export const update = defineCommand<SpecOptions, [job: string | undefined]>(
  'update',
  'Change a job by flags, or replace its spec by that of a file.',
  (command) =>
    declareJobFlags(
      command.argument('[job]', 'the name of the job').option('-f, --file <file>', 'job spec, - for stdin'),
    ),
  async (context, options, id) => {
    const service = await context.service();
    const found = <T>(name: string, call: () => T): T =>
      inWords('NOT_FOUND', `Job [${shortName(name)}] could not be found.`, call);
    const changed = (name: string): NamedJob =>
      flagged(
        name,
        withJobFlags(
          found(name, () => getJob(service, name)),
          options,
        ),
      );
    const described =
      options.file === undefined ? changed(jobNameOf(context, options, id)) : await describedJob(context, options, id);
    const { name } = described;
    const updated = found(name, () => updateJob(service, described));
    context.io.err.write(`Job [${shortName(name)}] has successfully been updated.\n${executeHint(name)}`);
    await print(context, options.format, updated, {});
  },
);
