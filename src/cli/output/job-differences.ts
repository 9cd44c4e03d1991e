import { formatPath, namesAlong, type FieldPath } from '../../model/field-path.js';
import { type Difference, jobDifferences } from '../../model/job-differences.js';
import type { Parent } from '../../model/names.js';
import { printable } from '../../model/printable.js';
import type { JobInput } from '../../model/schema/job.js';
import type { JobSpec } from '../../model/spec/read.js';
import { toYaml } from '../../model/spec/write-yaml.js';
import { get, put } from '../../model/v1/convert.js';
import { originInV1 } from '../../model/v1/read.js';
import type { JobV1 } from '../../model/v1/schema.js';
import { parts } from '../../model/v1/write.js';
import type { Output } from '../io.js';

/** A job to compare. */
export interface DiffSide {
  /** What the user calls it: the name of a file, or that of a job. */
  title: string;
  parent: Parent;
  /** With all defaults. */
  job: JobInput;
  /** The file that describes it; absent for a stored job. */
  spec?: JobSpec | undefined;
}

/** What one job says about a field in which it differs from another. */
export interface DiffValue {
  path: string;
  /** Absent if it has no such field. */
  value?: unknown;
  /** The file does not set the field, and this is its default. */
  default?: true;
  file?: string;
  line?: number;
  column?: number;
}

/** The result of a comparison, as `--format=json` prints it. */
export interface JobDiff {
  from: string;
  to: string;
  equal: boolean;
  differences: { from: DiffValue; to: DiffValue }[];
  /** The paths of what a plan of Terraform does not know yet, and what is therefore not compared. */
  unknown: string[];
}

/** Compares two jobs. Paths and values are in the API version of the file that has them, or of the other one. */
export function jobDiff(from: DiffSide, to: DiffSide): JobDiff {
  const [before, after] = [reader(from, to), reader(to, from)];
  const isKnown = (found: Difference): boolean => !isUnknown(from, found.from.path) && !isUnknown(to, found.to.path);
  const differences = jobDifferences(from, to)
    .filter(isKnown)
    .map((found) => {
      const hidden = isWithin(from.spec?.sensitive, found.from.path) || isWithin(to.spec?.sensitive, found.to.path);
      return { from: before(found.from, hidden), to: after(found.to, hidden) };
    });
  const said = (side: DiffValue): unknown[] => [side.path, side.value];
  // v1 has one annotation where v2 has several fields.
  const once = new Map(differences.map((one) => [JSON.stringify([said(one.from), said(one.to)]), one]));
  return {
    from: from.title,
    to: to.title,
    equal: once.size === 0,
    differences: [...once.values()],
    unknown: [...unknownOf(from), ...unknownOf(to)],
  };
}

/** Whether a field is one of these, or part of one. */
const isWithin = (fields: readonly FieldPath[] = [], path: FieldPath): boolean =>
  fields.some((field) => field.every((step, i) => step === path[i]));
const isUnknown = ({ spec }: DiffSide, path: FieldPath): boolean => isWithin(spec?.unknown, path);

/** What stands for a value that Terraform does not show. */
const sensitive = '(sensitive value)';

/** A job without its sensitive values. */
function withoutSensitive({ job, spec }: DiffSide): JobInput {
  const shown = structuredClone(job);
  for (const path of spec?.sensitive ?? []) if (get(shown, path) !== undefined) put(shown, path, sensitive);
  return shown;
}

const unknownOf = ({ spec, job }: DiffSide): string[] =>
  (spec?.unknown ?? []).map((path) => formatPath(spec?.find(path).written ?? path, namesAlong(path, job)));

/** Finds the values of a job as its file writes them. */
function reader(
  side: DiffSide,
  other: DiffSide,
): (found: { path: FieldPath; value?: unknown }, hidden: boolean) => DiffValue {
  const { job, spec } = side;
  const version = spec?.version ?? other.spec?.version ?? 'v2';
  const v1 = version === 'v1' ? (parts(job) as unknown as JobV1) : undefined;
  const printed = spec?.sensitive?.length ? withoutSensitive(side) : undefined;
  return ({ path, value }, hidden) => {
    const origin = v1 ? originInV1(v1, path) : path;
    const said = hidden ? sensitive : ((v1 && get(v1, origin)) ?? (printed && get(printed, path)) ?? value);
    const shown = value === undefined ? undefined : said;
    const { location, written = origin } = spec?.find(path) ?? {};
    const isDefault = value !== undefined && spec !== undefined && get(spec.job, path) === undefined;
    return {
      path: formatPath(written, namesAlong(path, job)),
      ...(shown !== undefined && { value: shown }),
      ...(isDefault && { default: true }),
      ...(location && { file: location.file, line: location.line, column: location.column }),
    };
  };
}

/** A comparison in the form of git: `-` before what the first job says, and `+` before what the second says. */
export function diffText({ from, to, differences }: JobDiff, { chalk }: Output): string {
  const lines = differences.flatMap((difference) => [
    chalk.cyan(`@@ ${printable(heading(difference), false)} @@`),
    ...valueLines('-', difference.from).map((line) => chalk.red(line)),
    ...valueLines('+', difference.to).map((line) => chalk.green(line)),
  ]);
  const heads = [`--- ${from}`, `+++ ${to}`].map((line) => chalk.bold(printable(line, false)));
  return differences.length === 0 ? '' : `${[...heads, ...lines].join('\n')}\n`;
}

/** The path of the field as files spell it, in both if they differ in that, and the places of its values. */
function heading({ from, to }: JobDiff['differences'][number]): string {
  const named = [to, from].filter(({ value }) => value !== undefined);
  const inFiles = named.filter(({ file }) => file !== undefined);
  const [last, first] = inFiles.length > 0 ? inFiles : named;
  const unnamed = (path = ''): string => path.replaceAll(/\[[^"\]]*\]/g, '[]');
  const paths = first && unnamed(first.path) !== unnamed(last?.path) ? [first.path, '=', last?.path] : [last?.path];
  const places = [from, to].flatMap(({ file, line, column }) => (file ? [`${file}:${line}:${column}`] : []));
  return [...paths, ...places].join(' ');
}

function valueLines(sign: string, { value, default: isDefault }: DiffValue): string[] {
  if (value === undefined) return [];
  const text = toYaml(value).trimEnd();
  return `${text}${isDefault ? ' # default' : ''}`.split('\n').map((line) => sign + line);
}
