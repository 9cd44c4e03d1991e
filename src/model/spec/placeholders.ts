import { isScalar } from 'yaml';
import { joinRemedies, type Problem, type Remedy, type Suggestion, suggest } from '../errors.js';
import type { FieldPath } from '../field-path.js';
import type { JobInput } from '../schema/job.js';
import type { RuleId } from '../validation/rules.js';
import type { Violation } from '../validation/violation.js';
import type { LocatedViolation } from './decode.js';
import type { SourceDocument } from './source-document.js';
import { secretsOf } from '../v1/secret-aliases.js';

/** A part of a text that was meant to be filled in. */
interface Placeholder {
  text: string;
  /** Its offset in the text. */
  start: number;
  form: Form;
}

interface Form {
  pattern: RegExp;
  /** It cannot be anything else. */
  sure: boolean;
  /** How a tool fills in the file, if the form of the placeholder identifies the tool. */
  tool?: (file: string) => readonly (string | Suggestion)[];
}

/** Longer text is never a placeholder. */
const maxLength = 2000;

const asInput = suggest('jobs run', '-f', '-');
const word =
  /(?:PROJECT|REGION|LOCATION|ZONE|NAME|ID|NUMBER|IMAGE|TAG|VERSION|SHA|DIGEST|COMMIT|SECRET|SERVICE|ACCOUNT|SA|JOB|BUCKET|INSTANCE|REPO|REPOSITORY|REGISTRY|YOUR|MY|REPLACE|CHANGE|CHANGEME|TODO|FIXME|XXX+|HERE|EXAMPLE|CONNECTOR|KEY|KEYRING|NETWORK|SUBNET|SUBNETWORK|DB|DATABASE|USER|HOST|VALUE|PLACEHOLDER|ORG|ENV|ENVIRONMENT|DOMAIN|APP|EMAIL|COUNT|TIMEOUT|PROJECTID|PROJECTNAME)/;
const words = new RegExp(
  String.raw`(?<![A-Za-z0-9_])(?:[A-Z0-9]+[_-])*${word.source}(?:[_-][A-Z0-9]+)*(?![A-Za-z0-9_])`,
);
const upper = '[A-Z][A-Z0-9_.-]*(?: [A-Z0-9_.-]+)*';
const request = String.raw`(?:your|my|insert|replace|enter|the)[ _-][^<>\[\]{}:,]*`;

const forms: readonly Form[] = [
  {
    pattern: /\$\{\{.*?\}\}/,
    sure: true,
    tool: () => ['GitHub Actions fills it in; write a value, or pass the file with values filled in to ', asInput],
  },
  {
    pattern: /\{\{.*?\}\}|\{%.*?%\}/,
    sure: true,
    tool: () => ['the template tool fills it in; use its output, e.g. helm template . | ', asInput],
  },
  {
    pattern: /\$\{[A-Za-z_][^{}]*\}|\$[A-Za-z_]\w*/,
    sure: true,
    tool: (file) => [`set it and fill it in: envsubst < ${file.startsWith('<') ? 'FILE' : file} | `, asInput],
  },
  {
    pattern:
      /\$\([A-Za-z_][\w.]*\)|#\{[A-Za-z_][^{}]*\}#?|%[A-Z][A-Z0-9_]*%|@@?[A-Z][A-Z0-9_]*@@?|__[A-Z][A-Z0-9_]*?__/,
    sure: true,
  },
  { pattern: /<[A-Za-z][^<>=]*>/, sure: true },
  { pattern: new RegExp(String.raw`\[(?:${upper}|${request})\]`), sure: true },
  { pattern: new RegExp(String.raw`\{(?:${upper}|${request})\}`), sure: true },
  { pattern: /(?<=^["']?)(?:\.\.\.|…)(?=["']?$)/, sure: true },
  { pattern: words, sure: false },
];

/** What to fill in, by words in the placeholder. */
const meanings: [RegExp, string][] = [
  [/CONNECTION/i, 'PROJECT:REGION:INSTANCE'],
  [/PROJECT.?NUM/i, 'the number of your project, e.g. 123456789012'],
  [/PROJECT/i, 'the id of your project, e.g. my-project'],
  [/REGION|LOCATION|ZONE/i, 'a region, e.g. us-central1'],
  [/TAG|VERSION|SHA|DIGEST|COMMIT/i, 'a tag of the image, e.g. 1.0'],
  [/INSTANCE|\bDB|DATABASE/i, 'the name of the Cloud SQL instance'],
  [/REPO|REGISTRY/i, 'the name of the repository'],
  [/IMAGE/i, 'your image, e.g. us-docker.pkg.dev/my-project/my-repo/my-image:1.0'],
  [/BUCKET/i, 'the name of the bucket'],
  [/NETWORK|SUBNET/i, 'the name of the network'],
  [/JOB/i, 'the name of the job, e.g. nightly'],
  [/COUNT|TASKS|RETRIES|TIMEOUT/i, 'a number'],
  [/SECRET/i, 'the name of the secret'],
  [/ACCOUNT|\bSA\b/i, 'the name of the service account'],
];

/** Rules that a placeholder typically breaks. */
const open: ReadonlySet<RuleId> = new Set<RuleId>([
  'placeholder',
  'type',
  'enum',
  'image',
  'job-name',
  'job-parent',
  'label-value',
  'service-account',
  'encryption-key',
  'binary-authorization-policy',
  'vpc-connector',
  'annotation-value',
  'container-name',
  'secret-name',
  'secret-version',
  'cloudsql-instance',
  'volume-name',
  'mount-path',
  'quantity',
  'size-limit',
  'accelerator',
  'timeout',
]);

/** The placeholders in a text, in order. */
function placeholdersIn(text: string): Placeholder[] {
  const found: Placeholder[] = [];
  let rest = text;
  // Matches are blanked out, so that no part of them matches again.
  for (const form of forms) {
    const all = new RegExp(form.pattern.source, `g${form.pattern.flags}`);
    rest = rest.replace(all, (match: string, ...more: unknown[]) => {
      found.push({ text: match, start: more.find((part) => typeof part === 'number') ?? 0, form });
      return ' '.repeat(match.length);
    });
  }
  return found.toSorted((a, b) => a.start - b.start);
}

/** Turns a violation caused by a placeholder into one that says so and points at the placeholder. */
export function asPlaceholder(source: SourceDocument, found: LocatedViolation): LocatedViolation {
  const { node = null, rule } = found;
  if (!node?.range || !open.has(rule) || found.key) return found;
  const written = source.textOf(node);
  if (rule === 'placeholder') {
    const start = written.indexOf(/`(.*?)`/.exec(found.description)?.[1] ?? '');
    return { ...found, location: source.at(node.range[0] + Math.max(start, 0)) };
  }
  if (written.length > maxLength || !(isScalar(node) || rule === 'type')) return found;
  const all = placeholdersIn(written);
  const [first] = all;
  if (!first || (rule === 'enum' && !first.form.sure)) return found;
  // A command on one line may contain shell variables.
  if (found.description.startsWith('must be a list') && first.text !== written) return found;
  return { ...found, ...said(all, source.at(0).file), location: source.at(node.range[0] + first.start) };
}

/** A YAML syntax error that comes from a placeholder in its line, or in an earlier template line. */
export function syntaxAsPlaceholder(problem: Problem, text: string): Problem {
  const { location, rule, message, fix: usual } = problem;
  if (!location || rule !== 'syntax') return problem;
  const lines = text.split('\n', location.line);
  const template = lines.findIndex((line) => /^\s*(?:-\s+)?(?:\{\{|\{%)/.test(line));
  for (const line of [location.line, template + 1]) {
    const excerpt = lines[line - 1]?.replace(/\r$/, '') ?? '';
    const all = excerpt.length > maxLength ? [] : placeholdersIn(excerpt.replace(/(?<=\s|^)#.*$/, ''));
    const sure = all.filter(({ form }) => form.sure);
    const [first] = sure;
    if (!first) continue;
    const { description, fix } = said(sure, location.file);
    return {
      ...problem,
      message: `${message}; ${description}`,
      fix: /^\$(?!\{\{)/.test(first.text) && usual ? joinRemedies([fix, usual], '; or ') : fix,
      location: { ...location, line, column: first.start + 1, excerpt },
    };
  }
  return problem;
}

/** Placeholders in values that are otherwise valid. */
export function placeholderViolations({ template: { template: task } }: JobInput, file: string): Violation[] {
  const found: Violation[] = [];
  const check = (path: FieldPath, value: string | undefined, part: RegExp): void => {
    if (value === undefined || value.length > maxLength) return;
    const all = [...value.matchAll(part)].flatMap(([match]) => placeholdersIn(match));
    if (all.length > 0)
      found.push({ path: ['template', 'template', ...path], rule: 'placeholder', ...said(all, file) });
  };
  task.containers.forEach(({ env = [] }, i) => {
    env.forEach(({ value }, k) => check(['containers', i, 'env', k, 'value'], value, wholeVariable));
  });
  const { serviceAccount, encryptionKey, vpcAccess = {}, volumes = [] } = task;
  check(['serviceAccount'], serviceAccount, /^.*$/g);
  check(['encryptionKey'], encryptionKey, parents);
  check(['vpcAccess', 'connector'], vpcAccess.connector, parents);
  vpcAccess.networkInterfaces?.forEach((network, i) => {
    for (const field of ['network', 'subnetwork'] as const) {
      check(['vpcAccess', 'networkInterfaces', i, field], network[field], /^.*$/g);
    }
  });
  volumes.forEach(({ gcs }, i) => check(['volumes', i, 'gcs', 'bucket'], gcs?.bucket, /^.*$/g));
  for (const { holder, path } of secretsOf(task)) check(path, holder['secret'] as string, parents);
  return found;
}

/** A variable whose whole value is a placeholder. Parts of values are left to the program. */
const wholeVariable = /^(?:\$\{[A-Za-z_]\w*\}|\{\{.*\}\}|\$\{\{.*\}\}|<[A-Z][A-Z0-9_-]*>|\[[A-Z][A-Z0-9_]+\])$/g;
/** The segments of resource names that have no capitals. */
const parents = /(?<=(?:projects|locations)\/)[^/]+/g;

function said(all: readonly Placeholder[], file: string): { description: string; fix: Remedy } {
  const names = [...new Set(all.map(({ text }) => `\`${text}\``))];
  const list = names.join(', ').replace(/, ([^,]*)$/, ' and $1');
  const description = names.length === 1 ? `${list} looks like a placeholder` : `${list} look like placeholders`;
  const ways = new Map(
    all.map(({ text, form }): [string, Remedy] => {
      const meaning = meanings.find(([pattern]) => pattern.test(text))?.[1] ?? 'your own value';
      const plain = /^\$\{\w+[^\w}]/.test(text) && !text.startsWith('${{') ? ' (envsubst replaces ${NAME} only)' : '';
      const way = form.tool
        ? [...form.tool(file), ...(plain ? [plain] : [])]
        : `replace ${names.length === 1 ? 'it' : text} with ${meaning}`;
      return [JSON.stringify(way), way];
    }),
  );
  return { description, fix: joinRemedies([...ways.values()], '; ') };
}
