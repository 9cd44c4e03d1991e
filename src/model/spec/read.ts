import type { Problem } from '../errors.js';
import { isParentPart } from '../names.js';
import { formatPath, type Path } from '../path.js';
import { type JobInput, JobMessage } from '../schema/job.js';
import { rules } from '../schema/rules.js';
import { JobV1Message } from '../schema/v1.js';
import { validateJob } from '../validation/job.js';
import type { Violation } from '../validation/violation.js';
import { decode, type Found } from './decode.js';
import { maxSpecBytes, parseSource, type SourceDocument, TooLarge } from './source.js';
import { adviceForV1, jobFromV1 } from './v1/read.js';

/** A job as a file has it. */
export interface JobSpec {
  /** The id, from `metadata.name` (v1) or the last segment of `name` (v2); absent if the file names none. */
  id: string | undefined;
  project: string | undefined;
  location: string | undefined;
  job: JobInput;
  /** Where the file says what a path of `job` is about, and that path as it is written there. */
  find: (path: Path) => Pick<Found, 'location' | 'written'>;
}

export interface ReadOptions {
  /** What a job is given elsewhere, whatever the file says. */
  id?: string | undefined;
  project?: string | undefined;
  location?: string | undefined;
  /** What Cloud Run takes although it is hardly meant, and what it alone refuses, are errors too. */
  strict?: boolean | undefined;
}

/** A YAML or JSON text that was parsed, and what is wrong with it as such. */
export interface SpecSource {
  file: string;
  documents: SourceDocument[];
  problems: Problem[];
}

export function parseSpec(file: string, text: string): SpecSource {
  if (Buffer.byteLength(text) > maxSpecBytes) {
    const message = `${file} is larger than ${maxSpecBytes / 1024} KiB, which no job spec can be`;
    return { file, documents: [], problems: [{ rule: 'size', message, severity: 'error' }] };
  }
  const documents = parseSource(file, text);
  const problems = documents.flatMap((document) => document.problems);
  const [, second] = documents;
  if (second) {
    problems.push({
      rule: 'one-job',
      message: `a file holds one job, and here begins another of ${documents.length}: gcloud does not read it either`,
      location: second.location(second.root),
      fix: 'write each job to a file of its own',
      severity: 'error',
    });
  }
  if (documents.length === 0) {
    problems.push({ rule: 'syntax', message: `${file} is empty: it holds no job`, severity: 'error' });
  }
  return { file, documents, problems };
}

/**
 * The job of a YAML or JSON text, in either API version, and everything that is wrong with it, in file order. A job with
 * errors is left out, and so are all where there are several.
 */
export const readJobs = (
  file: string,
  text: string,
  options: ReadOptions = {},
): { jobs: JobSpec[]; problems: Problem[] } => jobsOf(parseSpec(file, text), options);

/** The same of a text that is parsed already. */
export function jobsOf(source: SpecSource, options: ReadOptions = {}): { jobs: JobSpec[]; problems: Problem[] } {
  const jobs: JobSpec[] = [];
  const problems = [...source.problems];
  for (const document of source.documents) {
    const { spec, found } = readDocument(document, options);
    const told = found.flatMap((one) => problemOf(one, options.strict === true));
    problems.push(...told);
    if (spec && !told.some(({ severity }) => severity === 'error')) jobs.push(spec);
  }
  return { jobs: source.documents.length > 1 ? [] : jobs, problems: inFileOrder(problems) };
}

interface Read {
  spec?: JobSpec;
  found: Found[];
}

function readDocument(document: SourceDocument, options: ReadOptions): Read {
  if (document.problems.length > 0) return { found: [] };
  try {
    const keys = document.entries(document.root, 0).map(({ key }) => key);
    return keys.includes('apiVersion') || keys.includes('kind') ? readV1(document, options) : readV2(document, options);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const description = 'holds more, or is nested deeper, than any job spec can be';
    const location = document.location(document.root);
    return { found: [{ path: [], written: [], rule: 'size', description, location }] };
  }
}

function readV2(document: SourceDocument, options: ReadOptions): Read {
  const { value: job, found } = decode(document, JobMessage, 'proto');
  const [, project, location, id] = /^projects\/([^/]*)\/locations\/([^/]*)\/jobs\/(.*)$/.exec(job.name ?? '') ?? [
    undefined,
    undefined,
    undefined,
    // Empty is unset in proto JSON.
    job.name || undefined,
  ];
  const at = { project: ['name'], location: ['name'] };
  const violations = [...validateJob(options.id ?? id, job), ...validateParent({ project, location }, options, at)];
  const find = (path: Path): ReturnType<JobSpec['find']> => document.find(path);
  return { spec: { id, project, location, job, find }, found: [...found, ...placed(document, found, violations)] };
}

function readV1(document: SourceDocument, options: ReadOptions): Read {
  document.yaml = '1.1';
  const wrongKind = checkKind(document);
  if (wrongKind.length > 0) return { found: wrongKind };
  const { value, found } = decode(document, JobV1Message, 'gcloud');
  const { job, violations, origin } = jobFromV1(value);
  const { metadata } = value;
  // Empty is unset, as in the API.
  const id = metadata.name || undefined;
  const project = metadata.namespace || undefined;
  const location = metadata.labels?.[locationLabel] || undefined;
  const at = { project: ['metadata', 'namespace'], location: ['metadata', 'labels', locationLabel] };
  if ((options.id ?? id) === undefined) {
    violations.push({
      path: ['metadata', 'name'],
      rule: 'required',
      description: 'is required and missing',
      fix: "add name (The job's id)",
    });
  }
  const common = validateJob(options.id ?? id, job).map((violation): Violation => ({
    ...violation,
    path: origin(violation.path),
    fix: violation.fix && adviceForV1(violation.fix),
    ...(violation.because && { because: violation.because.map(origin) }),
  }));
  return {
    spec: { id, project, location, job, find: (path) => document.find(origin(path)) },
    found: [
      ...found,
      ...placed(document, found, [...violations, ...validateParent({ project, location }, options, at), ...common]),
    ],
  };
}

const locationLabel = 'cloud.googleapis.com/location';

/** What is wrong with the project and the region that a spec names, where nothing else decides them. */
function validateParent(
  named: Pick<JobSpec, 'project' | 'location'>,
  given: ReadOptions,
  at: Record<'project' | 'location', Path>,
): Violation[] {
  return (['project', 'location'] as const).flatMap((part) => {
    const text = named[part];
    if (given[part] !== undefined || text === undefined || isParentPart(text)) return [];
    const description = `${JSON.stringify(text)} cannot be a ${part === 'project' ? 'project' : 'region'}`;
    return [{ path: at[part], rule: 'job-parent', description }];
  });
}

/** gcloud forwards any kind and version; here only jobs can be meant, so that a service's YAML is told apart. */
function checkKind(document: SourceDocument): Found[] {
  const wrong: Found[] = [];
  for (const [field, expected] of [
    ['apiVersion', 'run.googleapis.com/v1'],
    ['kind', 'Job'],
  ] as const) {
    const entry = document.entries(document.root, 0).find(({ key }) => key === field);
    const written = entry && (document.resolve(entry.value)?.toJSON() as unknown);
    if (written === expected) continue;
    wrong.push({
      path: [field],
      written: [field],
      rule: 'kind',
      description: entry ? `must be ${expected}, got ${JSON.stringify(written)}` : 'is required and missing',
      location: document.location(entry?.value ?? document.root),
      fix: `write ${field}: ${expected}`,
    });
  }
  return wrong;
}

/** Violations at their places, but for those that only follow from a value that could not be read. */
function placed(document: SourceDocument, unread: readonly Found[], violations: readonly Violation[]): Found[] {
  const wrong = unread.filter(({ rule }) => rules[rule].severity === 'error');
  const broken = wrong.filter(({ guessed }) => !guessed);
  const begins = (long: Path, short: Path): boolean => short.every((step, i) => step === long[i]);
  return violations
    .filter(
      ({ path, because = [] }) =>
        !wrong.some((bad) => begins(path, bad.path)) &&
        !broken.some((bad) => because.some((cause) => begins(cause, bad.path) || begins(bad.path, cause))),
    )
    .map((violation) => ({ ...violation, ...document.find(violation.path, { key: violation.key === true }) }));
}

/** A violation as it is told; what only `strict` minds is not, without it. */
export function problemOf({ written, rule, description, location, fix }: Found, strict: boolean): Problem[] {
  const { severity } = rules[rule];
  if (severity === 'strict' && !strict) return [];
  const path = written.length > 0 ? formatPath(written) : undefined;
  return [
    { rule, path, message: description, location, fix, severity: strict || severity === 'error' ? 'error' : 'warning' },
  ];
}

const inFileOrder = (problems: Problem[]): Problem[] =>
  problems.toSorted((a, b) => {
    if (!a.location || !b.location) return 0;
    return a.location.line - b.location.line || a.location.column - b.location.column;
  });
