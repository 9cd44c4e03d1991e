import type { Location, Problem } from '../errors.js';
import { formatPath, type Path } from '../path.js';
import { type JobInput, JobMessage } from '../schema/job.js';
import { JobV1Message } from '../schema/v1.js';
import { validateJob } from '../validation/job.js';
import { decode } from './decode.js';
import { get, originOf } from './mapping.js';
import { maxSpecBytes, parseSource, type SourceDocument, TooLarge } from './source.js';
import { jobFromV1 } from './v1.js';

/** A job as a file has it. */
export interface JobSpec {
  /** The id, from `metadata.name` (v1) or the last segment of `name` (v2); absent if the file names none. */
  id: string | undefined;
  project: string | undefined;
  location: string | undefined;
  job: JobInput;
  /** Where the file says what `path`, a path in `job`, is about, and how the file spells that path. */
  locate(path: Path): { location: Location; written: string };
}

/**
 * The jobs of a YAML or JSON text, in either API version, one a document, and all that is wrong with them by syntax,
 * type and name, in file order. A job with problems is left out of the jobs.
 */
export function readJobs(file: string, text: string): { jobs: JobSpec[]; problems: Problem[] } {
  if (Buffer.byteLength(text) > maxSpecBytes) {
    const message = `${file} is larger than ${maxSpecBytes / 1024} KiB, which no job spec can be`;
    return { jobs: [], problems: [{ message, severity: 'error' }] };
  }
  const { documents, problems } = parseSource(file, text);
  if (problems.length > 0) return { jobs: [], problems };
  const jobs: JobSpec[] = [];
  for (const document of documents) {
    try {
      const read = readJob(document);
      problems.push(...read.problems);
      if (read.job) jobs.push(read.job);
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      problems.push({
        message: 'holds more, or is nested deeper, than any job spec can be',
        location: document.location(document.root),
        severity: 'error',
      });
    }
  }
  return { jobs, problems: inFileOrder(problems) };
}

function readJob(document: SourceDocument): { job?: JobSpec; problems: Problem[] } {
  const keys = document.entries(document.root, 0).map(({ key }) => key);
  return keys.includes('apiVersion') || keys.includes('kind') ? readV1(document) : readV2(document);
}

function readV2(document: SourceDocument): { job?: JobSpec; problems: Problem[] } {
  const { value, problems } = decode(document, JobMessage);
  if (problems.length > 0) return { problems };
  const [, project, location, id] = /^projects\/([^/]*)\/locations\/([^/]*)\/jobs\/(.*)$/.exec(value.name ?? '') ?? [
    undefined,
    undefined,
    undefined,
    value.name,
  ];
  const locate = (path: Path): { location: Location; written: string } => {
    const found = document.find(path);
    return { ...found, written: formatPath(found.written) };
  };
  return { job: { id, project, location, job: value, locate }, problems };
}

function readV1(document: SourceDocument): { job?: JobSpec; problems: Problem[] } {
  const wrongKind = checkKind(document);
  if (wrongKind.length > 0) return { problems: wrongKind };
  const { value, problems } = decode(document, JobV1Message);
  if (problems.length > 0) return { problems };
  const { job, notes } = jobFromV1(value);
  const find = (path: Path): { location: Location; written: string } => {
    const found = document.find(path);
    return { ...found, written: formatPath(found.written) };
  };
  for (const { path, message } of notes.unreadable) {
    const { location, written } = find(path);
    problems.push({ path: written, message, location, severity: 'error' });
  }
  if (problems.length > 0) return { problems };
  const label = get(value, ['metadata', 'labels', 'cloud.googleapis.com/location']);
  return {
    job: {
      id: value.metadata.name,
      project: value.metadata.namespace,
      location: typeof label === 'string' ? label : undefined,
      job,
      locate: (path) => find(path[0] === 'name' ? ['metadata', 'name'] : originOf(notes.origins, path)),
    },
    problems,
  };
}

/** gcloud forwards any kind and version; here only jobs can be meant, so that a service's YAML is told apart. */
function checkKind(document: SourceDocument): Problem[] {
  const problems: Problem[] = [];
  for (const [field, expected] of [
    ['apiVersion', 'run.googleapis.com/v1'],
    ['kind', 'Job'],
  ] as const) {
    const entry = document.entries(document.root, 0).find(({ key }) => key === field);
    const value = entry && document.resolve(entry.value);
    const written = value?.toJSON() as unknown;
    if (written === expected) continue;
    problems.push({
      path: field,
      message: entry ? `must be ${expected}, got ${JSON.stringify(written)}` : 'is required and missing',
      location: document.location(entry?.value ?? document.root),
      fix: `write ${field}: ${expected}`,
      severity: 'error',
    });
  }
  return problems;
}

/** All rules that a read job breaks, each where the file breaks it. */
export function checkSpec(spec: JobSpec, id: string): Problem[] {
  const problems = validateJob(id, spec.job).map(({ path, description, fix }): Problem => {
    const { location, written } = spec.locate(path);
    return { path: written, message: description, location, fix, severity: 'error' };
  });
  return inFileOrder(problems);
}

const inFileOrder = (problems: Problem[]): Problem[] =>
  problems.toSorted((a, b) => {
    if (!a.location || !b.location) return 0;
    return a.location.line - b.location.line || a.location.column - b.location.column;
  });
