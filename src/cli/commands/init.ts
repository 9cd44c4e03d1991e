import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../../model/errors.js';
import type { JobSource } from '../../model/init/sources.js';
import { jobIdViolation } from '../../model/names.js';
import { shellWord } from '../../model/shell-word.js';
import type { Context } from '../command/context.js';
import { readSpecText } from '../command/spec-file.js';
import { UsageError } from '../errors.js';
import type { CommonOptions } from '../flags/global.js';
import { print } from '../output/print.js';
import { plain } from '../output/resource-kinds.js';

type Options = CommonOptions & { from?: string; service?: string; output?: string; force?: true };

/** What was written, as `--format=json` prints it. */
interface Written {
  file: string;
  job: string;
  /** What it was made of. */
  source: string;
  /** The secrets that it refers to. */
  secrets: string[];
  /** The command line that runs it. */
  run: string;
}

export async function parse(
  { io }: Pick<Context, 'io'>,
  options: Options,
  job: string | undefined,
): Promise<{ source: JobSource }> {
  const violation = job === undefined ? undefined : jobIdViolation(job);
  if (violation !== undefined) throw new UsageError(`Invalid job name [${job}]. ${violation}`);
  const { findJobSources, jobSources } = await import('../../local/job-sources.js');
  const { from, service } = options;
  let found: JobSource[];
  try {
    if (from === undefined) found = findJobSources(io.cwd, io.variables);
    else {
      const { file, text } = await readSpecText({ io }, from, 'file');
      found = jobSources(io.cwd, file, text, io.variables);
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new UsageError(error.message, error.fix, error.problems);
  }
  return {
    source: await chosen(
      io,
      options,
      service === undefined ? found : found.filter(({ name }) => name === service),
      found,
    ),
  };
}

/** The one source that is meant; where there are several, the user's answer. @throws UsageError */
async function chosen(
  io: Context['io'],
  { from, service, quiet }: Options,
  meant: readonly JobSource[],
  all: readonly JobSource[],
): Promise<JobSource> {
  const [first, second] = meant;
  if (first && !second) return first;
  const listed = (first ? meant : all).map(({ file, name, words }) => {
    const isOnly = all.filter((one) => one.file === file).length === 1;
    return `  ${words}: localrun init --from ${file === '<stdin>' ? '-' : shellWord(file)}${isOnly ? '' : ` --service ${shellWord(name)}`}`;
  });
  if (!first) {
    const where = from ?? 'this directory';
    if (service !== undefined && all.length > 0)
      throw new UsageError(`There is no ${service} in ${where}:\n${listed.join('\n')}`);
    throw new UsageError(
      `There is nothing in ${where} that a job can be made of.`,
      'give a Dockerfile, a compose file, a Job of Kubernetes or a plan of Terraform with --from FILE',
    );
  }
  if (quiet || !io.interactive) throw new UsageError(`A job can be made of each of these:\n${listed.join('\n')}`);
  const lines = meant.map(({ words }, i) => ` [${i + 1}] ${words}\n`);
  io.err.write(`A job can be made of each of these:\n${lines.join('')}`);
  for (;;) {
    const answer = await io.ask('Please enter a number:  ');
    if (answer === undefined) throw new UsageError(`A job can be made of each of these:\n${listed.join('\n')}`);
    const source = meant[Number(answer.trim()) - 1];
    if (source) return source;
  }
}

export async function run(
  context: Context,
  options: Options & { source: JobSource },
  job: string | undefined,
): Promise<void> {
  const { io, schemas } = context;
  const { source, output = 'job.yaml', force } = options;
  const { readJobs } = await import('../../model/spec/read.js');
  const draft = source.draft();
  const id = job ?? draft.id ?? 'job';
  const file = output === '-' ? 'job.yaml' : output;
  const target = path.resolve(io.cwd, file);
  const word = shellWord(file);
  const run = ['localrun jobs run', word, ...draft.runFlags.map(shellWord)].join(' ');
  const mapping = `localrun config init -f ${word}`;
  const text = draft.toYaml(id, [
    `yaml-language-server: $schema=${schemaFrom(path.dirname(target), schemas)}`,
    `Made by \`localrun init\` of ${source.words}. To run it, and to deploy it:`,
    `  ${run}`,
    `  gcloud run jobs replace ${word} --region REGION`,
    ...(draft.secrets.length > 0 ? [`It reads secrets. To map them on this machine: ${mapping}`] : []),
  ]);
  const problems = readJobs(file, text).problems.filter(({ severity }) => severity === 'error');
  if (problems.length > 0) {
    throw new StatusError('INVALID_ARGUMENT', `What ${source.words} says makes no valid job:`, { problems });
  }
  if (output === '-') return io.out.write(text);
  try {
    writeFileSync(target, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new StatusError('UNKNOWN', `Cannot write ${file}: ${message}`, { cause: error });
    throw new StatusError('UNKNOWN', `${file} exists already, and stays as it is.`, {
      fix: '--force to overwrite it, or --output FILE',
      cause: error,
    });
  }
  const written: Written = { file, job: id, source: source.words, secrets: draft.secrets, run };
  await print(context, options, written, { kind: plain, human: () => human(written, mapping) });
}

function human({ file, source, secrets, run: command }: Written, mapping: string): string {
  const next = [...(secrets.length > 0 ? [mapping] : []), command];
  const lines = next.map((line) => `  ${line}\n`).join('');
  return `Created ${file} of ${source}. Its comments say what was left out.\nNext:\n${lines}`;
}

/** The JSON Schema of v1 jobs as seen from a directory: relative if localrun is installed below it. */
function schemaFrom(directory: string, schemas: string): string {
  const schema = path.join(schemas, 'job.v1.schema.json');
  const relative = path.relative(directory, schema);
  return relative.startsWith('..') || path.isAbsolute(relative) ? schema : relative.replaceAll('\\', '/');
}
