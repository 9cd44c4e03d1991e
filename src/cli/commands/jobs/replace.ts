import type { Context } from '../../command/context.js';
import { UsageError } from '../../errors.js';
import type { SpecSource } from '../../../model/spec/read.js';
import { shortName } from '../../../model/names.js';
import { applyJob, findJob, getJob } from '../../../service/jobs.js';
import { executeHint, inTrack } from '../../command/described-job.js';
import type { CommonOptions } from '../../flags/global.js';
import { written } from '../../command/write-job.js';
import { withClient } from '../../flags/job/edit.js';
import type { ClientFlags } from '../../flags/job/job.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';
import { readJobFile, readSpecFile } from '../../command/spec-file.js';

type Options = CommonOptions & ClientFlags & { file?: string; strict?: true; async?: boolean };

export async function parse(
  context: Pick<Context, 'io'>,
  { file }: Options,
  argument: string | undefined,
): Promise<{ source: SpecSource }> {
  if (argument !== undefined && file !== undefined) {
    throw new UsageError('Give the spec file either as FILE or with -f, not both.');
  }
  return { source: await readSpecFile(context, argument ?? file ?? 'job.yaml') };
}

export async function run(context: Context, options: Options & { source: SpecSource }): Promise<void> {
  const { name, job: read } = await readJobFile(context, options.source, options, undefined);
  const service = await context.service();
  const described = { name, job: inTrack(context.track, withClient(read, options)) };
  const change = findJob(service, name) ? 'Updating' : 'Creating';
  const done: { is: ReturnType<typeof applyJob> } = { is: 'unchanged' };
  const job = await written(context, service, name, { doing: change, change }, options, () => {
    done.is = applyJob(service, described);
    return getJob(service, name);
  });
  const what = done.is === 'unchanged' ? 'is unchanged' : `has been successfully ${done.is}`;
  const line = options.async && done.is !== 'unchanged' ? `is being ${done.is} asynchronously.` : `${what}.`;
  context.io.err.write(`Job [${shortName(name)}] ${line}\n${executeHint(context, name)}`);
  await print(context, options, job, { kind: jobKind });
}
