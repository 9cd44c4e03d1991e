import { StatusError, suggest } from '../../model/errors.js';
import { UsageError } from '../errors.js';
import { isParentPart, jobIdViolation, jobName, type Parent } from '../../model/names.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from './context.js';

/** The kinds of resources that a command line can name. */
const kinds = ['job', 'execution', 'task'] as const;
type Kind = (typeof kinds)[number];

const isKind = (name: string): name is Kind => (kinds as readonly string[]).includes(name);

/** A resource that is named in full. */
interface Named {
  id: string;
  project: string;
  region?: string;
}

/**
 * Reads a resource that is named in full: by its name in the v1 API or the v2 API, or by the address that `--uri`
 * prints, here or in gcloud. Undefined for anything else, such as an id.
 */
function named(kind: Kind, text: string): Named | undefined {
  const [address = '', hostRegion] =
    /^https?:\/\/(?:([a-z]+-[a-z]+\d+)-)?[^/]+\/(?:apis\/run\.googleapis\.com\/v1|v1|v2)\//.exec(text) ?? [];
  const name = text.slice(address.length);
  const [, namespace, ofV1, v1Id] = /^namespaces\/([^/]+)\/(job|execution|task)s\/([^/]+)$/.exec(name) ?? [];
  if (namespace !== undefined && ofV1 === kind && v1Id !== undefined) {
    return { id: v1Id, project: namespace, ...(hostRegion && { region: hostRegion }) };
  }
  const v2 =
    /^projects\/([^/]+)\/locations\/([^/]+)\/jobs\/([^/]+)(?:\/executions\/([^/]+)(?:\/tasks\/([^/]+))?)?$/.exec(name);
  const [, inProject, region, ...ids] = v2?.filter(Boolean) ?? [];
  const id = ids.at(-1);
  if (inProject === undefined || region === undefined || id === undefined) return undefined;
  return kinds[ids.length - 1] === kind ? { id, project: inProject, region } : undefined;
}

/**
 * Arguments and flags with ids in place of resources that are named in full. The project and region of those names
 * become flags.
 * @param names the names of the arguments; those and the options that are called `job`, `execution` or `task` are ids
 */
export function withIds(
  names: readonly string[],
  args: readonly unknown[],
  options: object,
): [args: unknown[], options: CommonOptions] {
  const flags: Record<string, unknown> = { ...options };
  // gcloud ignores an empty one.
  if (flags['region'] === '') delete flags['region'];
  const idOf = (kind: string, value: unknown): unknown => {
    const found = isKind(kind) && typeof value === 'string' ? named(kind, value) : undefined;
    if (!found) return value;
    flags['project'] = found.project;
    flags['region'] = found.region ?? flags['region'];
    return found.id;
  };
  const ids = args.map((value, i) => idOf(names[i] ?? '', value));
  for (const [name, value] of Object.entries(flags)) flags[name] = idOf(name, value);
  return [ids, flags];
}

/**
 * The project and location that a command works in; the project may be given by its number.
 * @throws UsageError for an invalid project or region
 */
export function parentOf({ config }: Context, { project, region }: CommonOptions): Parent {
  const known = project === undefined || project === config.projectNumber;
  const parent = { project: known ? config.project : project, location: region ?? config.location };
  for (const [flag, value] of [
    ['--project', parent.project],
    ['--region', parent.location],
  ] as const) {
    if (!isParentPart(value)) throw new UsageError(`argument ${flag}: invalid value [${value}]`);
  }
  return parent;
}

/**
 * The full name of the job with this id.
 * @throws UsageError without an id, StatusError INVALID_ARGUMENT for an invalid one
 */
export function jobNameOf(context: Context, options: CommonOptions, job: string | undefined): string {
  if (!job) throw new UsageError('argument JOB: Must be specified.');
  const violation = jobIdViolation(job);
  if (violation) {
    const fix = /\.(ya?ml|json)$/.test(job) ? ['run the spec: ', suggest('jobs run', job)] : undefined;
    throw new StatusError('INVALID_ARGUMENT', `Invalid job name [${job}]. ${violation}`, { fix });
  }
  return jobName(parentOf(context, options), job);
}
