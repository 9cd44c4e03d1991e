import path from 'node:path';
import { UsageError } from './model/errors.js';

/** Everything that the surroundings decide, resolved once. */
export interface Config {
  /** The state directory. */
  home: string;
  project: string;
  projectNumber: string;
  location: string;
  /** Who calls. */
  account: string;
  /** Who may do everything, even where IAM policies are enforced: the account without LOCALRUN_ACCOUNT. */
  projectOwner: string;
  /** Whether IAM policies decide who may do what. */
  enforceIam: boolean;
  /** The file of application default credentials, where Google's libraries look for it. */
  credentialsFile: string;
  /** The docker client: a name on the PATH or a path. */
  docker: string;
  /** Attempts that run at once where the job sets no lower limit. */
  maxParallelism: number;
}

export interface Surroundings {
  env: Record<string, string | undefined>;
  platform: string;
  homeDirectory: string;
  userName: string;
  hostName: string;
}

/** What the command line says that applies to all commands alike. */
export interface GlobalFlags {
  account?: string | undefined;
}

/**
 * The configuration: flags first, then our own variables, then those that gcloud reads, then defaults.
 * @throws UsageError for a value that cannot be meant
 */
export function loadConfig(
  { env, platform, homeDirectory, userName, hostName }: Surroundings,
  flags: GlobalFlags = {},
): Config {
  const projectOwner = env['CLOUDSDK_CORE_ACCOUNT'] || `${userName}@${hostName}`;
  return {
    home: path.resolve(env['LOCALRUN_HOME'] || stateDirectory(env, platform, homeDirectory)),
    project: env['LOCALRUN_PROJECT'] || env['CLOUDSDK_CORE_PROJECT'] || 'local-project',
    projectNumber: env['LOCALRUN_PROJECT_NUMBER'] || '100000000000',
    location: env['LOCALRUN_REGION'] || env['CLOUDSDK_RUN_REGION'] || 'us-central1',
    account: flags.account || env['LOCALRUN_ACCOUNT'] || projectOwner,
    projectOwner,
    enforceIam: boolean('LOCALRUN_ENFORCE_IAM', env['LOCALRUN_ENFORCE_IAM'], false),
    credentialsFile: path.resolve(
      env['GOOGLE_APPLICATION_CREDENTIALS'] ||
        path.join(gcloudDirectory(env, platform, homeDirectory), 'application_default_credentials.json'),
    ),
    docker: env['LOCALRUN_DOCKER'] || 'docker',
    maxParallelism: positiveInteger('LOCALRUN_MAX_PARALLELISM', env['LOCALRUN_MAX_PARALLELISM'], 32),
  };
}

/** Where programs keep state that should outlive a restart, by the customs of the platform. */
function stateDirectory(env: Surroundings['env'], platform: string, home: string): string {
  if (env['XDG_STATE_HOME']) return path.join(env['XDG_STATE_HOME'], 'localrun');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'localrun');
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'localrun');
  return path.join(home, '.local', 'state', 'localrun');
}

function boolean(name: string, text: string | undefined, unset: boolean): boolean {
  if (!text) return unset;
  if (/^(true|1)$/i.test(text)) return true;
  if (/^(false|0)$/i.test(text)) return false;
  throw new UsageError(`${name} must be true or false, got ${text}`);
}

function gcloudDirectory(env: Surroundings['env'], platform: string, home: string): string {
  if (env['CLOUDSDK_CONFIG']) return env['CLOUDSDK_CONFIG'];
  return platform === 'win32' ? path.join(env['APPDATA'] ?? home, 'gcloud') : path.join(home, '.config', 'gcloud');
}

function positiveInteger(name: string, text: string | undefined, unset: number): number {
  if (!text) return unset;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`${name} must be a whole number greater than 0, got ${text}`);
}

/** The variables that localrun reads, for `help environment` and the documentation. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['LOCALRUN_HOME', 'The state directory. Default: $XDG_STATE_HOME/localrun, or the custom of the platform.'],
  ['LOCALRUN_PROJECT', 'The project. Default: $CLOUDSDK_CORE_PROJECT, or local-project.'],
  ['LOCALRUN_PROJECT_NUMBER', "The project's number. Default: 100000000000."],
  ['LOCALRUN_REGION', 'The region. Default: $CLOUDSDK_RUN_REGION, or us-central1.'],
  [
    'LOCALRUN_ACCOUNT',
    "Who calls, as in CREATED BY. Default: the project's owner, $CLOUDSDK_CORE_ACCOUNT or USER@HOST.",
  ],
  [
    'LOCALRUN_ENFORCE_IAM',
    'true: the IAM policies of jobs decide what callers other than the owner may do. Default: false.',
  ],
  ['LOCALRUN_DOCKER', 'The docker client. Default: docker.'],
  [
    'LOCALRUN_MAX_PARALLELISM',
    'Tasks that run at once where a job sets no parallelism below its task count. Default: 32.',
  ],
  [
    'GOOGLE_APPLICATION_CREDENTIALS',
    "Application default credentials, for --metadata and --credentials. Default: the file of gcloud's.",
  ],
  ['DOCKER_HOST, DOCKER_CONTEXT', 'Which container engine, as for the docker client.'],
  ['NO_COLOR, FORCE_COLOR', 'No colour, or colour even where the output is no terminal.'],
  ['CI', 'No live view: one line for each thing that happens.'],
];
