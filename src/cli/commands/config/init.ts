import type { Context } from '../../command/context.js';
import path from 'node:path';
import { parseName, shortName } from '../../../model/names.js';
import { fileName } from '../../../config.js';
import { initialize, type Initialized } from '../../../local/init.js';
import { resolveResources } from '../../../local/resolve-resources.js';
import { MissingMappings } from '../../../local/missing-mappings.js';
import { withDefaults } from '../../../model/defaults.js';
import { getJob } from '../../../service/jobs.js';
import type { CommonOptions } from '../../flags/global.js';
import { inWords, UsageError } from '../../errors.js';
import { jobNameOf } from '../../command/resource-names.js';
import { localSettings } from '../../flags/local.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';
import { expandGlobs, type NamedJob, readJobFile, readSpecFile } from '../../command/spec-file.js';

export async function run(
  context: Context,
  options: CommonOptions & { file?: string[] },
  id: string | undefined,
): Promise<void> {
  const { io, config, local } = context;
  const jobs: Pick<NamedJob, 'name' | 'job'>[] = [];
  for (const file of await expandGlobs(context, options.file ?? [])) {
    // The job needs no name here.
    jobs.push(await readJobFile(context, await readSpecFile(context, file), options, undefined, 'unnamed'));
  }
  if (id !== undefined) {
    const service = await context.service();
    const name = jobNameOf(context, options, id);
    const job = inWords('NOT_FOUND', `Cannot find job [${shortName(name)}].`, () => getJob(service, name));
    jobs.push({ name, job });
  }
  if (jobs.length === 0) throw new UsageError('argument JOB: Must be specified.', 'localrun config init -f job.yaml');
  const settings = localSettings(context, {});
  const missing = new MissingMappings();
  for (const { name, job } of jobs) {
    const jobContext = { project: parseName(name).project, projectNumber: config.projectNumber, env: io.env };
    resolveResources(withDefaults(job, config.projectNumber).template.template, settings, jobContext, missing);
  }
  const done = initialize(local?.file ?? path.join(io.cwd, fileName), missing);
  await print(context, options, done, { kind: plain, human: () => human(done, io.cwd) });
  if (done.left.length > 0)
    io.err.write(`The layout of ${done.file} does not allow adding lines; please add them yourself.\n`);
}

function human({ file, existed, added, left, created, kept }: Initialized, cwd: string): string {
  const shown = (name: string): string => {
    const relative = path.relative(cwd, name);
    return relative.startsWith('..') || path.isAbsolute(relative) ? name : relative;
  };
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length > 0 ? [title, ...lines.map((line) => `  ${line}`)] : [];
  const lines = [
    ...block(`${existed ? 'Added to' : 'Created'} ${shown(file)}:`, added),
    ...block(`Add to ${shown(file)}:`, left),
    ...created.map((name) => `Created ${shown(name)}`),
    ...kept.map((name) => `Kept ${shown(name)}`),
  ];
  return lines.length > 0 ? `${lines.join('\n')}\n` : `Nothing is missing in ${shown(file)}.\n`;
}
