import { isMap, isScalar, isSeq, type Node, type Pair, YAMLMap } from 'yaml';
import type { Problem } from '../errors.js';
import { camelCase, type FieldPath } from '../field-path.js';
import { isTree, type Tree } from '../v1/convert.js';
import { type Message } from '../schema/field.js';
import { JobMessage } from '../schema/job.js';
import type { LocatedViolation } from './decode.js';
import { placeInJson } from './json-places.js';
import { FileText, maxDepth, parseText, type SourceDocument } from './source-document.js';

/** The largest plan, in bytes. */
export const maxPlanBytes = 64 * 1024 * 1024;

/** A google_cloud_run_v2_job in a plan or state of Terraform, as `terraform show -json` prints it. */
export interface PlannedJob {
  /** `module.etl.google_cloud_run_v2_job.nightly["eu"]` */
  address: string;
  /** The name of the job; undefined if it is known only after the plan is applied. Likewise the others. */
  id: string | undefined;
  project: string | undefined;
  location: string | undefined;
  /** The job as a v2 resource. */
  document: SourceDocument;
  found: LocatedViolation[];
  /** The fields that the configuration sets, and whose values are known only after the plan is applied. */
  unknown: FieldPath[];
  /** The fields whose values Terraform does not show. */
  sensitive: FieldPath[];
}

export interface TerraformPlan {
  jobs: PlannedJob[];
  problems: Problem[];
}

const resourceType = 'google_cloud_run_v2_job';

/**
 * The jobs in the output of `terraform show -json`; undefined for any other text. Its values are those of the API, with
 * names in snake_case, and lists of one in place of blocks.
 */
export function readPlan(file: string, text: string): TerraformPlan | undefined {
  if (!/^\s*\{/.test(text) || !text.includes('"format_version"')) return undefined;
  const isSure = /^\s*\{\s*"format_version"\s*:/.test(text);
  const problem = (message: string, fix: string, at = 0): TerraformPlan => {
    const location = new FileText(file, text).location(at);
    return { jobs: [], problems: [{ rule: 'kind', message, fix, location, severity: 'error' }] };
  };
  if (isSure && text.length > maxPlanBytes) {
    return problem(
      `this plan of Terraform is larger than ${maxPlanBytes / 1024 / 1024} MiB`,
      'keep what is read of it: jq "{format_version, planned_values, resource_changes, configuration}" plan.json',
    );
  }
  let root: Tree;
  try {
    root = JSON.parse(text) as Tree;
  } catch (error) {
    if (!isSure) return undefined;
    const { message } = error as SyntaxError;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? endOfWords(text));
    const why = message.replace(/ in JSON at position.*|, (?:\.{3})?".*/s, '');
    return problem(`this plan of Terraform is not valid JSON: ${why}`, writeAgain, at);
  }
  const { format_version: version } = root;
  if (typeof version !== 'string') return undefined;
  if (!/^[01]\./.test(version)) {
    return problem(
      `this plan of Terraform has format_version ${version}, and not 1`,
      'use the file of the job, or gcloud run jobs describe JOB --format export',
    );
  }
  const part = ['planned_values', 'values'].find((name) => isTree(root[name]));
  if (part === undefined) return problem('this output of Terraform has neither a plan nor a state', writeAgain);
  const resources = [...resourcesIn((root[part] as Tree)['root_module'], [part, 'root_module'])];
  const jobs = resources.filter(({ value }) => value['type'] === resourceType && value['mode'] === 'managed');
  if (jobs.length === 0) return problem(withoutJobs(root, resources), 'write the plan of the directory with the job');
  return { jobs: jobs.flatMap(({ value, path }) => plannedJob(file, text, root, value, path) ?? []), problems: [] };
}

const word = /\s*(?:[{}[\],:]|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)|\s+/sy;

/** Where the first text begins that is no word of JSON. */
function endOfWords(json: string): number {
  let at = 0;
  word.lastIndex = 0;
  while (word.test(json)) at = word.lastIndex;
  return at;
}

const writeAgain = 'write it again: terraform plan -out tfplan && terraform show -json tfplan > plan.json';

interface Resource {
  value: Tree;
  path: FieldPath;
}

const list = (value: unknown): Tree[] => (Array.isArray(value) ? value.filter(isTree) : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The resources of a module and of those below it. */
function* resourcesIn(module: unknown, path: FieldPath): Generator<Resource> {
  if (!isTree(module) || path.length > maxDepth) return;
  for (const [i, value] of list(module['resources']).entries()) yield { value, path: [...path, 'resources', i] };
  for (const [i, child] of list(module['child_modules']).entries()) {
    yield* resourcesIn(child, [...path, 'child_modules', i]);
  }
}

/** What a plan without jobs has instead. */
function withoutJobs(root: Tree, resources: readonly Resource[]): string {
  const deleted = list(root['resource_changes']).find(({ type }) => type === resourceType);
  if (deleted) return `this plan of Terraform only deletes ${text(deleted['address']) ?? 'jobs'}`;
  const services = resources.filter(({ value }) => text(value['type'])?.startsWith('google_cloud_run'));
  const [other] = services;
  const instead = other ? `; ${text(other.value['address']) ?? ''} is not a job` : '';
  return `this plan of Terraform has no ${resourceType}${instead}`;
}

/** Undefined for a resource whose values are nothing, as only damage can make them. */
function plannedJob(file: string, whole: string, root: Tree, resource: Tree, path: FieldPath): PlannedJob | undefined {
  const values = isTree(resource['values']) ? resource['values'] : {};
  const place = placeInJson(whole, [...path, 'values']) ?? { start: 0, end: 0 };
  const [document] = parseText(new FileText(file, whole, place));
  if (!document) return undefined;
  const found: LocatedViolation[] = [];
  if (document.isMapping) arrange(document, document.root, JobMessage, [], found);
  const address = text(resource['address']) ?? resourceType;
  const change = list(root['resource_changes']).find((one) => one['address'] === address)?.['change'];
  const after = isTree(change) ? change['after_unknown'] : undefined;
  const written = configured(root['configuration'], address);
  return {
    address,
    id: text(values['name']),
    project: text(values['project']),
    location: text(values['location']),
    document,
    found,
    unknown: [...marked(after, JobMessage, written, [])].flatMap(({ path: at, isSet }) => (isSet ? [at] : [])),
    sensitive: [...marked(resource['sensitive_values'], JobMessage, undefined, [])].map(({ path: at }) => at),
  };
}

/** Attributes of Terraform alone. */
const own = new Set(['id', 'etag', 'project', 'location', 'deletion_protection', 'timeouts', 'terraform_labels']);
/** What the provider sends, with its default labels, in place of what the configuration says. */
const effective: Readonly<Record<string, string>> = {
  effective_labels: 'labels',
  effective_annotations: 'annotations',
};

type Map = YAMLMap<Node | null, Node | null>;

const keyOf = ({ key }: Pair<Node | null, Node | null>): string => (isScalar(key) ? String(key.value) : '');
/** Whether an attribute is unset, which Terraform often writes as an empty value. */
function isEmpty(node: Node | null, zeroCounts = false): boolean {
  if (isSeq(node) || isMap(node)) return node.items.length === 0;
  if (!isScalar(node) || node.value === null) return true;
  return !zeroCounts && (node.value === '' || node.value === false || node.value === 0);
}

/** Makes a v2 resource of the attributes of a block: blocks for lists of one, and nothing for what is unset. */
function arrange(
  document: SourceDocument,
  node: Node | null,
  message: Message,
  path: FieldPath,
  found: LocatedViolation[],
): void {
  if (!isMap<Node | null, Node | null>(node)) return;
  if (path.length === 0) useEffective(node);
  const kept: Map['items'] = [];
  for (const pair of node.items) {
    const key = keyOf(pair);
    const name = camelCase(key);
    const field = Object.hasOwn(message.fields, name) ? message.fields[name] : undefined;
    if (field?.output || (path.length === 0 && own.has(key))) continue;
    if (isEmpty(pair.value, name === 'maxRetries')) continue;
    if (!field) {
      const description = 'is not a known attribute, and is left out';
      const at = [...path, name];
      found.push({
        path: at,
        written: [...path, key],
        rule: 'ignored',
        description,
        location: document.location(pair.key),
      });
      continue;
    }
    if (field.kind === 'message') {
      if (isSeq<Node | null>(pair.value) && pair.value.items.length === 1) {
        pair.value = isMap(pair.value.items[0]) ? pair.value.items[0] : emptyAt(pair.value);
      }
      arrange(document, pair.value, field.message, [...path, name], found);
    } else if (field.kind === 'list' && field.of.kind === 'message' && isSeq<Node | null>(pair.value)) {
      const { of } = field;
      pair.value.items.forEach((item, i) => arrange(document, item, of.message, [...path, name, i], found));
    }
    kept.push(pair);
  }
  node.items = kept;
}

function emptyAt({ range }: Node): Node {
  const empty = new YAMLMap();
  empty.range = range ?? null;
  return empty;
}

function useEffective(node: Map): void {
  for (const [from, to] of Object.entries(effective)) {
    const pair = node.items.find((one) => keyOf(one) === from);
    if (!pair) continue;
    node.items = node.items.filter((one) =>
      keyOf(one) === to ? isEmpty(pair.value) : one !== pair || !isEmpty(one.value),
    );
    if (isScalar(pair.key)) pair.key.value = to;
  }
}

/** The expressions of a resource in the configuration; undefined if that is not part of the text. */
function configured(configuration: unknown, address: string): unknown {
  const steps = address.replaceAll(/\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g, '').split('.');
  let module = isTree(configuration) ? configuration['root_module'] : undefined;
  while (steps[0] === 'module' && isTree(module)) {
    const calls = module['module_calls'];
    const call = isTree(calls) ? calls[steps[1] ?? ''] : undefined;
    module = isTree(call) ? call['module'] : undefined;
    steps.splice(0, 2);
  }
  const resources = isTree(module) ? list(module['resources']) : [];
  return resources.find((one) => one['address'] === steps.join('.'))?.['expressions'];
}

/** Attributes that the provider fills in where the configuration does not set them. */
const filledIn = new Set([
  ...['launchStage', 'taskCount', 'parallelism', 'timeout', 'serviceAccount', 'executionEnvironment', 'resources'],
  ...['limits', 'egress', 'networkInterfaces', 'network', 'subnetwork', 'port', 'ports', 'name', 'startupProbe'],
]);

/**
 * The fields with a mark, and whether the configuration sets them: otherwise the service fills them in.
 * @param marks `after_unknown` of a change or `sensitive_values`: `true` in place of what is marked
 * @param written the expressions of the same block; undefined if they are not known, as in dynamic blocks
 */
function* marked(
  marks: unknown,
  message: Message,
  written: unknown,
  path: FieldPath,
): Generator<{ path: FieldPath; isSet: boolean }> {
  if (!isTree(marks)) return;
  for (const [key, value] of Object.entries(marks)) {
    const name = camelCase(key);
    const field = Object.hasOwn(message.fields, name) ? message.fields[name] : undefined;
    if (!field || field.output || (path.length === 0 && own.has(key))) continue;
    const expression = isTree(written) ? written[key] : undefined;
    if (value === true) {
      yield { path: [...path, name], isSet: isTree(written) ? expression !== undefined : !filledIn.has(name) };
      continue;
    }
    const of = field.kind === 'list' ? field.of : field;
    const blocks: unknown[] = Array.isArray(value) ? value : [];
    for (const [i, block] of blocks.entries()) {
      const at = field.kind === 'list' ? [...path, name, i] : [...path, name];
      if (block === true) yield { path: at, isSet: true };
      else if (of.kind === 'message') {
        yield* marked(block, of.message, Array.isArray(expression) ? expression[i] : undefined, at);
      }
    }
    if (of.kind === 'map' && isTree(value)) {
      for (const [inner, mark] of Object.entries(value)) {
        if (mark === true) yield { path: [...path, name, inner], isSet: true };
      }
    }
  }
}
