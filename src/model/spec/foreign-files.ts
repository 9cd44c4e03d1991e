import { isMap, isSeq, type Node } from 'yaml';
import { type Remedy, suggest } from '../errors.js';
import type { SourceDocument } from './source-document.js';

/** A file of another tool: what it is, and how to get a Cloud Run job from it. */
export interface ForeignFile {
  is: string;
  way: Remedy;
  /** It is so close to a v1 job that the rest can be checked as one. */
  nearly?: true;
}

/** The top level of a document. */
interface Top {
  apiVersion: string;
  kind: string;
  keys: ReadonlySet<string>;
  /** The value of a key, as plain data. */
  at: (key: string) => unknown;
}

const exportIt = 'export the deployed job: gcloud run jobs describe JOB --region REGION --format export > job.yaml';
const initFrom = suggest('init', '--from', 'FILE');
const runImage = suggest('jobs run', 'NAME', '--image', 'IMAGE');
const runWithVariables = suggest('jobs run', 'NAME', '--image', 'IMAGE', '--env-vars-file', 'FILE');
const orRun: Remedy = [`${exportIt}; if none is deployed: `, runImage];
const showPlan: Remedy = [
  'write the plan as JSON: terraform show -json PLAN > plan.json && ',
  suggest('jobs run', '-f', 'plan.json'),
];
const showState: Remedy = [
  'write the state as JSON: terraform show -json > state.json && ',
  suggest('jobs run', '-f', 'state.json'),
];
const itsCommand = 'find the job spec, or the `gcloud run jobs` command, that its steps deploy: either works here';
const task = 'spec.template.spec.template.spec';
const header = 'apiVersion: run.googleapis.com/v1 and kind: Job';

/** By apiVersion (or a part of it) and kind; the first match counts. */
const resources: [apiVersion: RegExp, kind: RegExp, ForeignFile][] = [
  [
    /^batch\//,
    /^Job$/,
    {
      is: 'a Kubernetes Job; a Cloud Run job has one more level, and other fields',
      way: [
        'make a job of it: ',
        initFrom,
        '; or write apiVersion: run.googleapis.com/v1, and make the changes that the lines below name',
      ],
      nearly: true,
    },
  ],
  [
    /^batch\//,
    /^CronJob$/,
    {
      is: 'a Kubernetes CronJob; Cloud Run jobs have no schedule, and Cloud Scheduler runs them',
      way: ['make a job of it: ', initFrom, '; locally, cron can run: ', suggest('jobs execute', 'JOB')],
    },
  ],
  [
    /^(?:apps\/|v1$)/,
    /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Pod)$/,
    {
      is: 'a Kubernetes workload that does not end; a job runs to completion',
      way: `write ${header}, and put the containers and volumes of its pods under ${task}`,
    },
  ],
  [
    /^(?:serving\.knative\.dev|run\.googleapis\.com)\//,
    /^(?:Service|Revision|Configuration)$/,
    {
      is: 'a service, which answers requests (Knative, Cloud Run); only jobs, which run to completion, can run here',
      way: `to run its image as a job: write ${header}, put the containers under ${task}, and remove ports and scaling`,
    },
  ],
  [
    /^run\.googleapis\.com\//,
    /^WorkerPool$/,
    {
      is: 'a Cloud Run worker pool; only jobs, which run to completion, can run here',
      way: `to run its image as a job: write ${header}, and put the containers under ${task}`,
    },
  ],
  [
    /^run\.googleapis\.com\//,
    /^(?:Execution|Task)$/,
    { is: 'a run of a job (an execution or a task), not the job', way: exportIt },
  ],
  [
    /^run\.cnrm\.cloud\.google\.com\//,
    /^RunJob$/,
    {
      is: 'a RunJob of Config Connector, whose spec is nearly a v2 job',
      way: `move the contents of spec to the top level, without apiVersion, kind, metadata, and fields that v2 lacks (location, projectRef, references); or ${exportIt}`,
    },
  ],
  [
    /\.cnrm\.cloud\.google\.com\//,
    /^/,
    { is: 'a resource of Config Connector, not a Cloud Run job', way: 'use the file of the job' },
  ],
  [
    /^(?:deploy\.cloud\.google\.com|skaffold)\//,
    /^/,
    {
      is: 'a file of Cloud Deploy or Skaffold',
      way: 'use the job spec that its manifests name (manifests.rawYaml)',
    },
  ],
  [
    /^kustomize\.config\.k8s\.io\//,
    /^/,
    { is: 'a kustomization', way: ['use its output: kubectl kustomize . | ', suggest('jobs run', '-f', '-')] },
  ],
  [
    /^argoproj\.io\//,
    /^/,
    { is: 'a file of Argo', way: `write ${header}, and put the containers of its templates under ${task}` },
  ],
];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const holds = (value: unknown, test: (item: unknown) => boolean): boolean =>
  (isRecord(value) || Array.isArray(value)) && Object.values(value).some(test);

/** By the keys at the top level. */
const mappings: [fits: (top: Top) => boolean, ForeignFile][] = [
  [
    ({ at }) => holds(at('services'), (service) => isRecord(service) && ('image' in service || 'build' in service)),
    {
      is: 'a compose file',
      way: ['make a job of one of its services: ', suggest('init', '--from', 'FILE', '--service', 'NAME')],
    },
  ],
  [
    ({ keys, at }) => (keys.has('resource') || keys.has('terraform')) && isRecord(at('resource') ?? at('terraform')),
    { is: 'Terraform (JSON)', way: orRun },
  ],
  [({ keys }) => keys.has('terraform_version'), { is: 'a state file of Terraform', way: showState }],
  [
    ({ keys, at }) => keys.has('runtime') && isRecord(at('resources')) && keys.has('name'),
    { is: 'a Pulumi program', way: orRun },
  ],
  [
    ({ keys, at }) => keys.has('on') && isRecord(at('jobs')),
    { is: 'a GitHub workflow, whose jobs are not Cloud Run jobs', way: itsCommand },
  ],
  [
    ({ keys, at }) =>
      (keys.has('stages') || keys.has('image') || keys.has('default')) &&
      [...keys].some((key) => isRecord(at(key)) && 'script' in (at(key) as object)),
    { is: 'a GitLab pipeline, whose jobs are not Cloud Run jobs', way: itsCommand },
  ],
  [
    ({ at }) => Array.isArray(at('steps')) && holds(at('steps'), (step) => isRecord(step) && 'name' in step),
    { is: 'a configuration of Cloud Build', way: itsCommand },
  ],
  [
    ({ at }) => Array.isArray(at('taskGroups')),
    {
      is: 'a job of Google Batch',
      way: `write ${header}, and put its containers under ${task}; taskCount and parallelism go to spec.template.spec`,
    },
  ],
  [
    ({ keys }) => keys.has('containerDefinitions') || keys.has('taskDefinition'),
    { is: 'an ECS task definition', way: `write ${header}, and put its containers under ${task}` },
  ],
  [
    ({ keys }) => keys.has('runtime') && (keys.has('entrypoint') || keys.has('handlers') || keys.has('env_variables')),
    { is: 'an app.yaml of App Engine', way: ['build an image and run it: ', runImage] },
  ],
  [
    ({ keys, at }) => keys.has('overrides') && isRecord(at('overrides')),
    {
      is: 'a request to run a job with overrides, not the job',
      way: [suggest('jobs execute', 'JOB', '--args, --update-env-vars, --tasks, --task-timeout')],
    },
  ],
  [
    ({ keys, at }) =>
      (keys.has('buckets') || keys.has('secrets') || keys.has('cloudSql')) &&
      isRecord(at('secrets') ?? at('buckets') ?? at('cloudSql')) &&
      !keys.has('template'),
    {
      is: 'a localrun.yaml, which is read from the directory of a job without being named',
      way: 'use the file of the job',
    },
  ],
  [
    ({ keys, at }) => keys.size > 0 && [...keys].every((key) => /^[A-Z][A-Z0-9_]*$/.test(key) && !isRecord(at(key))),
    {
      is: 'a file of variables',
      way: ['use it with a job: ', runWithVariables],
    },
  ],
];

/** By the first significant line, if the text is not a YAML mapping. */
const texts: [fits: RegExp, ForeignFile][] = [
  [
    /^(?:resource|module|provider|data|variable|terraform|locals|output)\b[^:]*\{/,
    {
      is: 'Terraform',
      way: [
        'plan it: terraform plan -out tfplan && terraform show -json tfplan > plan.json && ',
        suggest('jobs run', '-f', 'plan.json'),
      ],
    },
  ],
  // A saved plan is a ZIP file.
  [/^PK\W{2}/, { is: 'a saved plan of Terraform, or another ZIP file', way: showPlan }],
  [
    /^(?:Terraform|OpenTofu) (?:used|will|has)\b|^No changes\. /,
    { is: 'what Terraform prints for people', way: showPlan },
  ],
  [/^\{"@level":/, { is: 'the log of terraform plan -json, not the plan', way: showPlan }],
  [
    /^(?:FROM \S|ARG \w)/i,
    {
      is: 'a Dockerfile',
      way: [
        'make a job of it: ',
        initFrom,
        '; or build its image and run it: ',
        suggest('jobs run', 'NAME', '--source', '.'),
      ],
    },
  ],
  [
    /^#!/,
    { is: 'a script', way: ['use a job spec in YAML or JSON, as in the example of ', suggest('jobs run', '--help')] },
  ],
  [
    /^(?:export )?[A-Z][A-Z0-9_]*=/,
    {
      is: 'a file of variables',
      way: ['use it with a job: ', runWithVariables],
    },
  ],
];

/** What a text is that is not a YAML mapping, if known, and the offset of the line that shows it. */
export function foreignText(text: string): { foreign: ForeignFile; offset: number } | undefined {
  let offset = 0;
  for (const line of text.split('\n')) {
    if (/^\s*$|^\s*(?:#(?!!)|\/\/)/.test(line)) {
      offset += line.length + 1;
      continue;
    }
    const foreign = texts.find(([fits]) => fits.test(line.trimStart()))?.[1];
    return foreign && { foreign, offset: offset + line.length - line.trimStart().length };
  }
  return undefined;
}

/** What a document without a job is, if known, and the node that shows it. */
export function foreignDocument(source: SourceDocument): { foreign: ForeignFile; at: Node | null } | undefined {
  const { root } = source;
  if (isSeq(source.resolve(root))) return undefined;
  const entries = new Map(source.entries(root, 0).map((entry) => [entry.key, entry]));
  const at = (key: string): unknown => {
    const value = source.resolve(entries.get(key)?.value ?? null);
    return isMap(value) || isSeq(value) ? shallow(source, value) : value?.toJSON();
  };
  const text = (key: string): string => {
    const value = at(key);
    return typeof value === 'string' ? value : '';
  };
  const [apiVersion, kind] = [text('apiVersion'), text('kind')];
  if (apiVersion && kind) {
    const [, , foreign] = resources.find(([version, name]) => version.test(apiVersion) && name.test(kind)) ?? [];
    if (foreign) return { foreign, at: entries.get(foreign.nearly ? 'apiVersion' : 'kind')?.value ?? root };
    if (kind.toLowerCase() === 'job') return undefined;
    const is = `a ${kind} (${apiVersion}), not a Cloud Run job`;
    return { foreign: { is, way: `use a file with ${header}` }, at: entries.get('kind')?.value ?? root };
  }
  if (entries.has('apiVersion') || entries.has('kind')) return undefined;
  const keys = new Set(entries.keys());
  if (keys.has('template')) return undefined;
  const foreign = mappings.find(([fits]) => fits({ apiVersion, kind, keys, at }))?.[1];
  return foreign && { foreign, at: root };
}

/** The top two levels of a mapping or a list as plain data. */
function shallow(source: SourceDocument, node: Node): unknown {
  const items = source.items(node, 0);
  const names = (item: Node | null): unknown =>
    isMap(source.resolve(item)) ? Object.fromEntries(source.entries(item, 0).map(({ key }) => [key, true])) : true;
  if (items) return items.map(names);
  return Object.fromEntries(source.entries(node, 0).map(({ key, value }) => [key, names(value)]));
}
