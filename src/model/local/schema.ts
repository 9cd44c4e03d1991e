import { bool, enumeration, field, int32, map, mapOf, message, string, type Infer } from '../schema/field.js';
import { pullPolicies } from './settings.js';

const numbered = <T extends string>(names: readonly T[]): Record<T, number> =>
  Object.fromEntries(names.map((name, i) => [name, i])) as Record<T, number>;

const valueFields = {
  value: string('The value itself.'),
  file: string('A file whose bytes are the value, a line break at its end included.'),
  env: string('A variable in the environment of the command that runs the job.'),
  dotenv: string('A dotenv file; `key` names the variable in it.'),
  key: string('The variable in the dotenv file.'),
};
const sources = ['value', 'file', 'env', 'dotenv'] as const;

const SecretVersionMessage = message('SecretVersion', valueFields, { source: sources });
export type LocalSecretVersion = Infer<typeof SecretVersionMessage>;

const SecretMessage = message(
  'Secret',
  {
    ...valueFields,
    versions: mapOf(
      field(SecretVersionMessage, 'A version.'),
      'Values by version number; `latest` is the highest number unless it is there itself.',
    ),
    aliases: mapOf(string('A version number.', { orNumber: true }), 'Version numbers by alias.'),
  },
  { source: [...sources, 'versions'] },
);
export type LocalSecret = Infer<typeof SecretMessage>;

const CloudSqlMessage = message(
  'CloudSql',
  {
    socket: string('The directory that a Cloud SQL proxy keeps its socket in, or the socket itself.'),
    tcp: string('`HOST:PORT`, as this machine reaches it; the job sees a socket.'),
    engine: enumeration(
      'CloudSql.Engine',
      { postgres: 0, mysql: 1 },
      'What kind of socket stands for `tcp`: mysql if the port is 3306, otherwise postgres.',
    ),
  },
  { endpoint: ['socket', 'tcp'] },
);

/** localrun.yaml: what this machine is to the jobs of a directory. Paths are relative to the file. */
export const LocalFileMessage = message('LocalFile', {
  project: string('The project.', { orNumber: true }),
  projectNumber: string('Its number, which specs and references may have in place of its id.', { orNumber: true }),
  region: string('The region.'),
  account: string('Who calls.'),
  enforceIam: bool('The IAM policies of jobs decide what callers other than the owner may do.'),
  secrets: mapOf(
    field(SecretMessage, 'Where the value is.'),
    'Secrets by NAME or projects/PROJECT/secrets/NAME. Without `versions`, one value stands for every version.',
  ),
  buckets: map('Directories by the name of the bucket that each stands for.'),
  nfs: map('Directories by the export that each stands for, HOST:/PATH.'),
  cloudSql: mapOf(field(CloudSqlMessage, 'Where it is.'), 'Cloud SQL instances by PROJECT:REGION:INSTANCE.'),
  network: string("A network of the container engine that jobs join, as a compose project's."),
  hostAccess: bool('host.docker.internal stands for this machine.'),
  metadata: bool('Jobs find a metadata server.'),
  credentials: enumeration('Credentials', { adc: 0 }, 'Jobs get the application default credentials of this machine.'),
  freshSandbox: bool('Every attempt gets a network namespace of its own.'),
  strictFs: bool('What a task writes to its file system counts as memory, as in Cloud Run.'),
  processLimit: int32('Processes and threads that a container may have at once; 0: any number.'),
  keep: bool('The containers of attempts stay in the engine after their end.'),
  keepFailed: bool('The containers of failed attempts stay in the engine after their end.'),
  platform: string('What images have to be made for; any does not care.'),
  pull: enumeration('PullPolicy', numbered(pullPolicies), 'When images are pulled.'),
});
export type LocalFile = Infer<typeof LocalFileMessage>;
