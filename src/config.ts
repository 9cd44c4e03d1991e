import path from 'node:path';
import { StatusError } from './model/errors.js';
import type { LocalFile } from './model/local/schema.js';
import { type RuntimeKind, runtimeKinds } from './model/local/settings.js';
import { parseSize } from './model/quantity.js';
import { parseGcloudDuration } from './model/time.js';

/** The configuration, resolved once per command. */
export interface Config {
  /** The state directory. */
  home: string;
  project: string;
  projectNumber: string;
  location: string;
  /** The caller. */
  account: string;
  /** The account that may do everything, even if IAM policies are enforced: the account without LOCALRUN_ACCOUNT. */
  projectOwner: string;
  /** Whether IAM policies are enforced. */
  enforceIam: boolean;
  /** The API version whose fields `--format=json` and `yaml` print. */
  apiVersion: 'v1' | 'v2';
  /** The file of application default credentials, where Google's libraries look for it. */
  credentialsFile: string;
  /** What runs the attempts of new executions, unless `--runtime` says it. */
  runtime: RuntimeKind;
  /** The cluster worker that commands go to, NAMESPACE/DEPLOYMENT; unset: they do their work here. */
  worker?: string | undefined;
  /** The docker client: a name on the PATH or a path. */
  docker: string;
  /** The Kubernetes client, likewise. */
  kubectl: string;
  /** The image of the toolbox that `debug` opens beside a container without a shell. */
  toolbox: string;
  /** How long the client may take to answer a short request, as a gcloud duration. */
  engineTimeout: string;
  /** Attempts that run at once if the job sets no lower limit. */
  maxParallelism: number;
  /** How long to keep the logs of ended executions, as a gcloud duration, or `none`: for ever. */
  logRetention: string;
  /** The most that these logs may take up, as a size, or `none`: no limit. */
  logLimit: string;
}

export interface Surroundings {
  env: Record<string, string | undefined>;
  platform: string;
  homeDirectory: string;
  userName: string;
  hostName: string;
}

/** The flags that every command has. */
export interface GlobalFlags {
  project?: string | undefined;
  region?: string | undefined;
  account?: string | undefined;
}

/** The same settings in localrun.yaml. */
type FileSettings = Pick<
  LocalFile,
  'project' | 'projectNumber' | 'region' | 'account' | 'enforceIam' | 'runtime' | 'toolbox'
>;

/** A value, and its source: a flag, a variable, localrun.yaml, or `default`. */
export interface Setting<T> {
  value: T;
  source: string;
}

/**
 * The configuration from flags, localrun's variables, localrun.yaml, gcloud's variables and defaults. Earlier sources
 * win.
 * @throws StatusError INVALID_ARGUMENT for an invalid value
 */
export function loadConfig(surroundings: Surroundings, flags: GlobalFlags = {}, file: FileSettings = {}): Config {
  const settings = Object.entries(explainConfig(surroundings, flags, file));
  return Object.fromEntries(settings.map(([name, { value }]) => [name, value])) as unknown as Config;
}

/** As `loadConfig`, with the source of each value. */
export function explainConfig(
  { env, platform, homeDirectory, userName, hostName }: Surroundings,
  flags: GlobalFlags,
  file: FileSettings,
): { [K in keyof Config]: Setting<Config[K]> } {
  const variable = (name: string): [source: string, value: string | undefined] => [name, env[name]];
  const owner = decide(`${userName}@${hostName}`, variable('CLOUDSDK_CORE_ACCOUNT'));
  const credentials = decide(
    path.join(gcloudDirectory(env, platform, homeDirectory), 'application_default_credentials.json'),
    variable('GOOGLE_APPLICATION_CREDENTIALS'),
  );
  const projectNumber = decide('100000000000', variable('LOCALRUN_PROJECT_NUMBER'), [fileName, file.projectNumber]);
  const home = decide(stateDirectory(env, platform, homeDirectory), variable('LOCALRUN_HOME'));
  return {
    home: { ...home, value: path.resolve(home.value) },
    project: decide(
      'local-project',
      // The number of a project stands for its id.
      ['--project', flags.project === projectNumber.value ? undefined : flags.project],
      variable('LOCALRUN_PROJECT'),
      [fileName, file.project],
      variable('CLOUDSDK_CORE_PROJECT'),
    ),
    projectNumber,
    location: decide(
      'us-central1',
      ['--region', flags.region],
      variable('LOCALRUN_REGION'),
      [fileName, file.region],
      variable('CLOUDSDK_RUN_REGION'),
    ),
    account: decide(
      owner.value,
      ['--account', flags.account],
      variable('LOCALRUN_ACCOUNT'),
      [fileName, file.account],
      variable('CLOUDSDK_CORE_ACCOUNT'),
    ),
    projectOwner: owner,
    enforceIam: decide(
      false,
      ['LOCALRUN_ENFORCE_IAM', boolean('LOCALRUN_ENFORCE_IAM', env['LOCALRUN_ENFORCE_IAM'])],
      [fileName, file.enforceIam],
    ),
    apiVersion: decide<Config['apiVersion']>('v2', ['LOCALRUN_API_VERSION', apiVersion(env['LOCALRUN_API_VERSION'])]),
    credentialsFile: { ...credentials, value: path.resolve(credentials.value) },
    runtime: decide<RuntimeKind>(
      'docker',
      ['LOCALRUN_RUNTIME', runtimeKind(env['LOCALRUN_RUNTIME'])],
      [fileName, file.runtime?.kind],
    ),
    worker: decide<string | undefined>(
      undefined,
      ['LOCALRUN_WORKER', deployment('LOCALRUN_WORKER', env['LOCALRUN_WORKER'])],
      [fileName, deployment(`runtime.worker in ${fileName}`, file.runtime?.worker)],
    ),
    docker: decide('docker', variable('LOCALRUN_DOCKER')),
    kubectl: decide('kubectl', variable('LOCALRUN_KUBECTL')),
    toolbox: decide('busybox', variable('LOCALRUN_TOOLBOX'), [fileName, file.toolbox]),
    engineTimeout: decide('2m', ['LOCALRUN_ENGINE_TIMEOUT', duration('LOCALRUN_ENGINE_TIMEOUT', env)]),
    maxParallelism: decide(32, [
      'LOCALRUN_MAX_PARALLELISM',
      positiveInteger('LOCALRUN_MAX_PARALLELISM', env['LOCALRUN_MAX_PARALLELISM']),
    ]),
    logRetention: decide(
      '30d',
      limit('LOCALRUN_LOG_RETENTION', env, parseGcloudDuration, 'a duration such as 12h or 30d'),
    ),
    logLimit: decide('10GiB', limit('LOCALRUN_LOG_LIMIT', env, parseSize, 'a size such as 500MB or 10GiB')),
  };
}

/** The name of localrun.yaml as a source of settings. */
export const fileName = 'localrun.yaml';

/** The first candidate that is set; an empty string is not. */
function decide<T>(unset: T, ...candidates: (readonly [source: string, value: T | undefined])[]): Setting<T> {
  for (const [source, value] of candidates) if (value !== undefined && value !== '') return { value, source };
  return { value: unset, source: 'default' };
}

/** Where programs of the platform keep state that outlives a restart. */
function stateDirectory(env: Surroundings['env'], platform: string, home: string): string {
  if (env['XDG_STATE_HOME']) return path.join(env['XDG_STATE_HOME'], 'localrun');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'localrun');
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'localrun');
  return path.join(home, '.local', 'state', 'localrun');
}

function apiVersion(text: string | undefined): 'v1' | 'v2' | undefined {
  if (!text) return undefined;
  if (text === 'v1' || text === 'v2') return text;
  throw new StatusError('INVALID_ARGUMENT', `LOCALRUN_API_VERSION must be v1 or v2, got ${text}`);
}

function runtimeKind(text: string | undefined): RuntimeKind | undefined {
  if (!text) return undefined;
  const kind = runtimeKinds.find((known) => known === text);
  if (kind) return kind;
  const meant = text === 'podman' ? ' (docker stands for podman, too; LOCALRUN_DOCKER names the client)' : '';
  throw new StatusError('INVALID_ARGUMENT', `LOCALRUN_RUNTIME must be docker or kubernetes, got ${text}${meant}`);
}

/** The name of a deployment, after its namespace. */
function deployment(name: string, text: string | undefined): string | undefined {
  if (!text || /^[a-z\d][-a-z\d]*\/[a-z\d][-.a-z\d]*$/.test(text)) return text;
  throw new StatusError('INVALID_ARGUMENT', `${name} must be NAMESPACE/DEPLOYMENT, got ${text}`);
}

function boolean(name: string, text: string | undefined): boolean | undefined {
  if (!text) return undefined;
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  throw new StatusError('INVALID_ARGUMENT', `${name} must be true or false, got ${text}`);
}

function gcloudDirectory(env: Surroundings['env'], platform: string, home: string): string {
  if (env['CLOUDSDK_CONFIG']) return env['CLOUDSDK_CONFIG'];
  return platform === 'win32' ? path.join(env['APPDATA'] ?? home, 'gcloud') : path.join(home, '.config', 'gcloud');
}

function positiveInteger(name: string, text: string | undefined): number | undefined {
  if (!text) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new StatusError('INVALID_ARGUMENT', `${name} must be a whole number greater than 0, got ${text}`);
}

/** A variable that holds a duration above 0. */
function duration(name: string, env: Surroundings['env']): string | undefined {
  const text = env[name];
  if (!text || (parseGcloudDuration(text) ?? 0) > 0) return text;
  throw new StatusError('INVALID_ARGUMENT', `${name} must be a duration such as 30s or 5m, got ${text}`);
}

/** A variable that holds a limit in a form that `parse` accepts, or `none`. */
function limit(
  name: string,
  env: Surroundings['env'],
  parse: (text: string) => number | undefined,
  form: string,
): [source: string, value: string | undefined] {
  const text = env[name];
  if (text && text !== 'none' && parse(text) === undefined) {
    throw new StatusError('INVALID_ARGUMENT', `${name} must be ${form}, or none, got ${text}`);
  }
  return [name, text];
}

/** The variables that localrun reads, for `help environment` and the documentation. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['LOCALRUN_HOME', "The state directory. Default: $XDG_STATE_HOME/localrun, or the platform's usual directory."],
  ['LOCALRUN_CONFIG', 'The configuration file. Default: localrun.yaml in the working directory or above it.'],
  ['LOCALRUN_PROJECT', 'The project. Default: from localrun.yaml, $CLOUDSDK_CORE_PROJECT, or local-project.'],
  ['LOCALRUN_PROJECT_NUMBER', 'The project number. Default: from localrun.yaml, or 100000000000.'],
  ['LOCALRUN_REGION', 'The region. Default: from localrun.yaml, $CLOUDSDK_RUN_REGION, or us-central1.'],
  [
    'LOCALRUN_ACCOUNT',
    "The caller, shown as CREATED BY. Default: from localrun.yaml, or the project's owner, $CLOUDSDK_CORE_ACCOUNT or USER@HOST.",
  ],
  [
    'LOCALRUN_ENFORCE_IAM',
    'true: enforce the IAM policies of jobs for callers other than the owner. Default: from localrun.yaml, or false.',
  ],
  ['LOCALRUN_API_VERSION', 'The API version that --format=json and yaml print: v2, or v1 as gcloud does. Default: v2.'],
  [
    'LOCALRUN_RUNTIME',
    'What runs new executions: docker (or podman, on this machine) or kubernetes. Default: from localrun.yaml, or docker.',
  ],
  [
    'LOCALRUN_WORKER',
    'The cluster worker, NAMESPACE/DEPLOYMENT, that does the work of commands. Default: from localrun.yaml, or none.',
  ],
  ['LOCALRUN_DOCKER', 'The docker client, or podman. Default: docker.'],
  ['LOCALRUN_KUBECTL', 'The Kubernetes client. Default: kubectl.'],
  ['LOCALRUN_TOOLBOX', 'The image of the toolbox of debug. Default: from localrun.yaml, or busybox.'],
  [
    'LOCALRUN_ENGINE_TIMEOUT',
    'How long the container engine may take to answer a short request before it counts as unavailable. Default: 2m.',
  ],
  [
    'LOCALRUN_MAX_PARALLELISM',
    'Tasks that run at once if a job sets no parallelism below its task count. Default: 32.',
  ],
  ['LOCALRUN_LOG_RETENTION', 'How long to keep the logs of ended executions; none: for ever. Default: 30d.'],
  [
    'LOCALRUN_LOG_LIMIT',
    'The total size of these logs, above which the oldest are removed; none: no limit. Default: 10GiB.',
  ],
  [
    'GOOGLE_APPLICATION_CREDENTIALS',
    "Application default credentials, for --metadata and --credentials. Default: gcloud's file.",
  ],
  ['CLOUDSDK_CORE_DISABLE_PROMPTS', 'true: never prompt, like --quiet.'],
  ['CLOUDSDK_CORE_USER_OUTPUT_ENABLED', 'false: print only errors, like --no-user-output-enabled.'],
  ['DOCKER_HOST, DOCKER_CONTEXT', 'The container engine, as for the docker client.'],
  ['DOCKER_CONFIG', 'The directory of the docker client with its contexts.'],
  ['KUBECONFIG', 'The file of the Kubernetes client with its contexts.'],
  ['NO_COLOR, FORCE_COLOR', 'No colour, or colour even if the output is not a terminal.'],
  ['CI', 'No live view: one line for each event.'],
  ['GITHUB_ACTIONS, GITHUB_STEP_SUMMARY', 'On GitHub Actions: errors and a summary of the step.'],
];
