import type { Problem, RemedyPart } from '../errors.js';
import { isParentPart } from '../names.js';
import { formatPath, type FieldPath } from '../field-path.js';
import { type JobInput, JobMessage } from '../schema/job.js';
import { type RuleId, validationRules } from '../validation/rules.js';
import { JobV1Message } from '../v1/schema.js';
import { validateJob } from '../validation/job.js';
import type { Violation } from '../validation/violation.js';
import { moveMisplacedFields } from './misplaced-fields.js';
import { decode, type LocatedViolation } from './decode.js';
import { type ForeignFile, foreignDocument, foreignText } from './foreign-files.js';
import { asPlaceholder, syntaxAsPlaceholder, placeholderViolations } from './placeholders.js';
import { placesOf } from './field-places.js';
import { maxSpecBytes, parseSource, type SourceDocument, TooLarge } from './source-document.js';
import { type PlannedJob, readPlan } from './terraform-plan.js';
import { get } from '../v1/convert.js';
import { adviceForV1, jobFromV1 } from '../v1/read.js';

/** A job read from a file. */
export interface JobSpec {
  /** The API version that it is written in. */
  version: 'v1' | 'v2';
  /** The id, from `metadata.name` (v1) or the last segment of `name` (v2); absent if the file names none. */
  id: string | undefined;
  project: string | undefined;
  location: string | undefined;
  job: JobInput;
  /** The fields whose values a plan of Terraform does not know yet. */
  unknown?: readonly FieldPath[];
  /** The fields whose values Terraform marks as sensitive. */
  sensitive?: readonly FieldPath[];
  /** The position in the file of a path in `job`, and the path as spelled there. */
  find: (path: FieldPath) => Pick<LocatedViolation, 'location' | 'written'>;
}

export interface ReadOptions {
  /** Identity that is given outside the file and overrides it. */
  id?: string | undefined;
  project?: string | undefined;
  location?: string | undefined;
  /** Turns warnings into errors, and applies the rules that only Cloud Run enforces. */
  strict?: boolean | undefined;
}

/** A parsed YAML or JSON text, and its syntax problems. */
export interface SpecSource {
  file: string;
  documents: SourceDocument[];
  /** The jobs of a plan of Terraform, which has no documents. */
  planned?: readonly PlannedJob[];
  problems: Problem[];
}

export function parseSpec(file: string, contents: string): SpecSource {
  const plan = readPlan(file, contents);
  if (plan) return { file, documents: [], planned: plan.jobs, problems: plan.problems };
  if (Buffer.byteLength(contents) > maxSpecBytes) {
    const message = `${file} is larger than ${maxSpecBytes / 1024} KiB, the limit for a job spec`;
    return { file, documents: [], problems: [{ rule: 'size', message, severity: 'error' }] };
  }
  // Positions and excerpts leave the byte order mark out.
  const text = contents.replace(/^\uFEFF/, '');
  const documents = parseSource(file, text);
  const foreign = documents.some((document) => !document.isMapping) ? foreignText(text) : undefined;
  if (foreign) {
    const problem = { ...foreignProblem(foreign.foreign, file), location: documents[0]?.at(foreign.offset) };
    return { file, documents: [], problems: [problem] };
  }
  const problems = documents.flatMap((document) =>
    document.problems.map((problem) => syntaxAsPlaceholder(problem, text)),
  );
  const [, second] = documents;
  if (second) {
    problems.push({
      rule: 'one-job',
      message: `a file holds one job, and another of ${documents.length} begins here: gcloud does not read it either`,
      location: second.location(second.root),
      fix: 'write each job to its own file',
      severity: 'error',
    });
  }
  if (documents.length === 0) {
    problems.push({ rule: 'syntax', message: `${file} is empty: it holds no job`, severity: 'error' });
  }
  return { file, documents, problems };
}

/**
 * Reads the job of a YAML or JSON text in either API version, and reports every problem in file order. A job with
 * errors is left out; if the text holds several jobs, all are.
 */
export const readJobs = (
  file: string,
  text: string,
  options: ReadOptions = {},
): { jobs: JobSpec[]; problems: Problem[] } => jobsOf(parseSpec(file, text), options);

/** The same for a parsed text. It can be used only once, because misplaced fields are moved in it. */
export function jobsOf(source: SpecSource, options: ReadOptions = {}): { jobs: JobSpec[]; problems: Problem[] } {
  const jobs: JobSpec[] = [];
  const problems = [...source.problems];
  const add = (document: SourceDocument, { spec, found }: Read, address?: string): void => {
    const reported = found.flatMap((one) => problemOf(asPlaceholder(document, one), options.strict === true));
    problems.push(...(address === undefined ? reported : reported.map((problem) => within(address, problem))));
    if (spec && !reported.some(({ severity }) => severity === 'error')) jobs.push(spec);
  };
  for (const document of source.documents) add(document, readDocument(document, options));
  for (const planned of source.planned ?? []) add(planned.document, readPlanned(planned, options), planned.address);
  return { jobs: source.documents.length > 1 ? [] : jobs, problems: onceEach(inFileOrder(problems)) };
}

const within = (address: string, problem: Problem): Problem => ({
  ...problem,
  path: problem.path === undefined ? address : `${address}.${problem.path}`,
});

function foreignProblem({ is, way }: ForeignFile, file: string): Problem {
  const name = file === '<stdin>' ? '-' : file;
  const named = (part: RemedyPart): RemedyPart =>
    typeof part === 'string' || !('command' in part) || part.command !== 'init'
      ? part
      : { ...part, args: part.args?.map((word) => (word === 'FILE' ? name : word)) ?? [] };
  return {
    rule: 'kind',
    message: `this is ${is}`,
    fix: typeof way === 'string' ? way : way.map(named),
    severity: 'error',
  };
}

interface Read {
  spec?: JobSpec;
  found: LocatedViolation[];
}

function readDocument(document: SourceDocument, options: ReadOptions): Read {
  if (document.problems.length > 0) return { found: [] };
  try {
    const recognised = document.isMapping ? foreignDocument(document) : undefined;
    if (!recognised) return readVersion(document, options);
    const { foreign, at } = recognised;
    const { message: description, fix } = foreignProblem(foreign, document.at(0).file);
    const violation: LocatedViolation = {
      path: [],
      written: [],
      rule: 'kind',
      description,
      fix,
      location: document.location(at),
    };
    if (!foreign.nearly) return { found: [violation] };
    document.set('apiVersion', apiVersion);
    const { found } = readV1(document, options);
    return { found: [violation, ...found] };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const { message: description } = error;
    const location = document.location(document.root);
    return { found: [{ path: [], written: [], rule: 'size', description, location }] };
  }
}

const apiVersion = 'run.googleapis.com/v1';

/**
 * Reads a job in the version of its header. If the rest is in the other version, that is reported, and the other
 * version is used.
 */
function readVersion(document: SourceDocument, options: ReadOptions): Read {
  const keys = new Map(document.entries(document.root, 0).map(({ key, keyNode }) => [key, keyNode]));
  const has = (...path: string[]): boolean => document.has(path);
  const header = keys.get('apiVersion') ?? keys.get('kind');
  const isV2 = has('template') && !has('spec') && !has('template', 'spec');
  const isV1 = has('spec') && !has('template') && !has('spec', 'template', 'template');
  const wrongHeader = (description: string, fix: string): LocatedViolation => ({
    path: [],
    written: [],
    rule: 'kind',
    description,
    fix,
    location: document.location(header ?? document.root),
  });
  if (header && isV2) {
    for (const key of ['apiVersion', 'kind', 'metadata']) document.set(key, undefined);
    const { found } = readV2(document, options);
    const fix = keys.has('metadata')
      ? 'remove apiVersion, kind and metadata; v2 has name, labels and annotations at the top level'
      : 'remove apiVersion and kind';
    return { found: [wrongHeader('apiVersion and kind belong to v1, and the rest is v2', fix), ...found] };
  }
  if (!header && isV1) {
    document.set('apiVersion', apiVersion);
    document.set('kind', 'Job');
    const { found } = readV1(document, options);
    const fix = `write apiVersion: ${apiVersion} and kind: Job at the top`;
    return { found: [wrongHeader('has spec, as in v1, without apiVersion and kind', fix), ...found] };
  }
  return header ? readV1(document, options) : readV2(document, options);
}

function readV2(document: SourceDocument, options: ReadOptions): Read {
  const arranged = moveMisplacedFields(document, 'v2');
  const { value: job, found } = decode(document, JobMessage, 'proto');
  const [, project, location, id] = /^projects\/([^/]*)\/locations\/([^/]*)\/jobs\/(.*)$/.exec(job.name ?? '') ?? [
    undefined,
    undefined,
    undefined,
    // In proto JSON, empty means unset.
    job.name || undefined,
  ];
  const unread = [...arranged, ...found];
  const at = { project: ['name'], location: ['name'] };
  const violations = [
    ...checked(document, options.id ?? id, job),
    ...validateParent({ project, location }, options, at),
  ];
  const find = (path: FieldPath): ReturnType<JobSpec['find']> => document.find(path);
  return {
    spec: { version: 'v2', id, project, location, job, find },
    found: [...unread, ...placed(document, unread, violations)],
  };
}

/** Reads a job of a plan. What is only known later is unset, and reported. */
function readPlanned(
  { document, id, project, location, found: arranged, unknown, sensitive }: PlannedJob,
  options: ReadOptions,
): Read {
  const [tooLarge] = document.problems;
  if (tooLarge) {
    const { message: description, location: at = document.at(0) } = tooLarge;
    return { found: [{ path: [], written: [], rule: 'size', description, location: at }] };
  }
  const { value: job, found } = decode(document, JobMessage, 'proto');
  const isUnknown = new Set(unknown.map(keyOf));
  const later = 'is known only after terraform apply';
  const unread = [
    ...arranged,
    ...found.map((one) =>
      one.rule === 'required' && isUnknown.has(keyOf(one.path))
        ? { ...one, description: later, fix: 'apply the plan, and write it again; or write the value into a spec' }
        : one,
    ),
  ];
  const reported = new Set(unread.map(({ path }) => keyOf(path)));
  const unset = unknown.filter((path) => !reported.has(keyOf(path)) && path[0] !== 'name');
  const violations = [
    ...checked(document, options.id ?? id, job),
    ...unset.map((path) => unsetUntilApply(job, path, later)),
  ];
  const find = (path: FieldPath): ReturnType<JobSpec['find']> => document.find(path);
  return {
    spec: { version: 'v2', id, project, location, job, unknown, sensitive, find },
    found: [...unread, ...placed(document, unread, violations)],
  };
}

function unsetUntilApply(job: JobInput, path: FieldPath, later: string): Violation {
  const name = path.at(-1) === 'value' ? get(job, [...path.slice(0, -1), 'name']) : undefined;
  const fix = typeof name === 'string' ? `set it for a run: --update-env-vars ${name}=VALUE` : undefined;
  return { path, rule: 'known-after-apply', description: `${later}, and ${name ? 'empty' : 'unset'} here`, fix };
}

function readV1(document: SourceDocument, options: ReadOptions): Read {
  document.yaml = '1.1';
  const wrongKind = checkKind(document);
  if (wrongKind.some(({ fatal }) => fatal)) return { found: wrongKind };
  const arranged = moveMisplacedFields(document, 'v1');
  const { value, found } = decode(document, JobV1Message, 'gcloud');
  const { job, violations, origin } = jobFromV1(value);
  const { metadata } = value;
  // In the API, empty means unset.
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
  const common = checked(document, options.id ?? id, job).map((violation): Violation => ({
    ...violation,
    path: origin(violation.path),
    fix: typeof violation.fix === 'string' ? adviceForV1(violation.fix) : violation.fix,
    ...(violation.because && { because: violation.because.map(origin) }),
  }));
  const reported = new Set(wrongKind.map(({ path }) => path[0]));
  const unread = [
    ...wrongKind,
    ...arranged,
    ...found.filter(({ path }) => path.length !== 1 || !reported.has(path[0])),
  ];
  return {
    spec: { version: 'v1', id, project, location, job, find: (path) => document.find(origin(path)) },
    found: [
      ...unread,
      ...placed(document, unread, [
        ...violations.map(withField),
        ...validateParent({ project, location }, options, at),
        ...common,
      ]),
    ],
  };
}

/** Every rule that a job breaks, and placeholders in values that break no rule. */
function checked(document: SourceDocument, id: string | undefined, job: JobInput): Violation[] {
  const violations = validateJob(id, job).map(withField);
  const reported = new Set(violations.map(({ path }) => formatPath(path)));
  return [
    ...violations,
    ...placeholderViolations(job, document.at(0).file).filter(({ path }) => !reported.has(formatPath(path))),
  ];
}

/** An annotation with the value of a field: the field is named instead. */
function withField(violation: Violation): Violation {
  const { rule, path } = violation;
  const key = String(path.at(-1));
  const isV1 = rule === 'annotation-unknown' && violation.fix === undefined;
  if (!isV1 && rule !== 'system-metadata') return violation;
  const places = isV1 ? placesOf('v1', key.replace(/^.*\//, ''), 'own') : placesOf('v2', key, 'other');
  const [place, second] = places;
  if (!place || second) return violation;
  const at = formatPath(place.parent.filter((step) => step !== '*'));
  return { ...violation, fix: `write ${place.name}${at && ` in ${at}`} instead` };
}

const locationLabel = 'cloud.googleapis.com/location';

/** Checks the project and the region in a spec, unless they are given elsewhere. */
function validateParent(
  named: Pick<JobSpec, 'project' | 'location'>,
  given: ReadOptions,
  at: Record<'project' | 'location', FieldPath>,
): Violation[] {
  return (['project', 'location'] as const).flatMap((part) => {
    const text = named[part];
    if (given[part] !== undefined || text === undefined || isParentPart(text)) return [];
    const description = `${JSON.stringify(text)} cannot be a ${part === 'project' ? 'project' : 'region'}`;
    return [{ path: at[part], rule: 'job-parent', description }];
  });
}

/** gcloud forwards any kind and version, but localrun only knows jobs. Other kinds are not read further. */
function checkKind(document: SourceDocument): (LocatedViolation & { fatal: boolean })[] {
  const wrong: (LocatedViolation & { fatal: boolean })[] = [];
  for (const [field, expected] of [
    ['apiVersion', apiVersion],
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
      fatal: field === 'kind' && entry !== undefined && String(written).toLowerCase() !== 'job',
    });
  }
  return wrong;
}

/** Locates violations, and drops those that only follow from a value that could not be read. */
function placed(
  document: SourceDocument,
  unread: readonly LocatedViolation[],
  violations: readonly Violation[],
): LocatedViolation[] {
  const wrong = unread.filter(({ rule }) => validationRules[rule].severity === 'error');
  const unreadable = new Set(wrong.map(({ path }) => keyOf(path)));
  const broken = wrong.filter(({ guessed }) => !guessed);
  const lost = new Set(broken.map(({ path }) => keyOf(path)));
  const holdsLost = new Set(broken.flatMap(({ path }) => path.map((_, i) => keyOf(path.slice(0, i)))));
  const within = (paths: ReadonlySet<string>, path: FieldPath): boolean =>
    paths.has(keyOf(path)) || path.some((_, i) => paths.has(keyOf(path.slice(0, i))));
  // Many violations may share a cause.
  const causes = new Map<readonly FieldPath[], boolean>();
  const isOpen = (because: readonly FieldPath[]): boolean => {
    let open = causes.get(because);
    if (open === undefined) {
      open = because.some((cause) => within(lost, cause) || holdsLost.has(keyOf(cause)));
      causes.set(because, open);
    }
    return open;
  };
  return violations
    .filter(({ path, because }) => !within(unreadable, path) && !(because && isOpen(because)))
    .map((violation) => ({ ...violation, ...document.find(violation.path, { key: violation.key === true }) }));
}

const keyOf = (path: FieldPath): string => JSON.stringify(path);

/** A violation as a problem to show; those that only `strict` reports are dropped without it. */
export function problemOf({ written, rule, description, location, fix }: LocatedViolation, strict: boolean): Problem[] {
  const { severity } = validationRules[rule];
  if (severity === 'strict' && !strict) return [];
  const path = written.length > 0 ? formatPath(written) : undefined;
  return [
    { rule, path, message: description, location, fix, severity: strict || severity === 'error' ? 'error' : 'warning' },
  ];
}

/** Rules about values that have no effect anywhere. */
const harmless: ReadonlySet<RuleId | undefined> = new Set<RuleId>(['ignored', 'job-ports', 'readiness-probe']);

/**
 * Drops repetitions: the same problem at the same position, which aliases (`*a`) can put into many list items, and the
 * same useless value elsewhere in the file.
 */
function onceEach(all: Problem[]): Problem[] {
  const anyItem = (path: string): string => path.replaceAll(/\[\d+\]/g, '[]');
  const said = new Set<string>();
  const problems = all.filter(({ location, path = '', message }) => {
    const key = `${location?.line}:${location?.column} ${anyItem(path)} ${message}`;
    return location === undefined || (!said.has(key) && said.add(key));
  });
  const keyOf = ({ rule, path = '', message }: Problem): string | undefined =>
    harmless.has(rule) ? `${anyItem(path)} ${message}` : undefined;
  const counts = new Map<string | undefined, number>();
  for (const problem of problems) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) + 1);
  return problems.flatMap((problem) => {
    const key = keyOf(problem);
    const count = counts.get(key) ?? 0;
    if (key === undefined || count === 1) return [problem];
    counts.set(key, 0);
    return count === 0
      ? []
      : [
          {
            ...problem,
            message: `${problem.message} (here and in ${count === 2 ? 'another place' : `${count - 1} other places`})`,
          },
        ];
  });
}

const inFileOrder = (problems: Problem[]): Problem[] =>
  problems.toSorted((a, b) => {
    if (!a.location || !b.location) return 0;
    return a.location.line - b.location.line || a.location.column - b.location.column;
  });
