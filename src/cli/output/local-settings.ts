import {
  type CloudSqlEndpoint,
  defaultSettings,
  type KubernetesSettings,
  type LocalSettings,
  type SecretSource,
} from '../../model/local/settings.js';
import { shownMount, shownPort } from '../../model/local/one-run.js';

/** The settings of this machine that differ from the defaults. */
export function localEntries(settings: LocalSettings): [label: string, value: string][] {
  const { freshSandbox, network, hostAccess, metadata, credentials, pull, platform } = settings;
  const { strictFs, processLimit, keep, keepFailed } = settings;
  const entries: [label: string, value: string | false | undefined][] = [
    ['Runtime', settings.runtime && `kubernetes (${placeOf(settings.runtime)})`],
    ['Sandbox', freshSandbox && 'a fresh one for each attempt'],
    ['Network', network],
    ['Published ports', settings.publish?.map(shownPort).join('; ')],
    ['Mounts', settings.mounts?.map(shownMount).join('; ')],
    ['Host access', hostAccess && 'host.docker.internal'],
    ['Metadata server', metadata && 'metadata.google.internal'],
    ['Credentials', credentials === 'adc' && 'application default credentials'],
    ['Pull', pull !== defaultSettings.pull && pull],
    ['File system', strictFs && 'counts as memory'],
    ['Process limit', processLimit !== defaultSettings.processLimit && (processLimit ? String(processLimit) : 'none')],
    ['Kept containers', keep ? 'all' : keepFailed && 'of failed attempts'],
    ['Platform', platform !== defaultSettings.platform && platform],
  ];
  return entries.flatMap(([label, value]) => (value ? [[label, value]] : []));
}

const placeOf = ({ context, namespace }: KubernetesSettings): string =>
  [`namespace ${namespace ?? 'of the context'}`, context && `context ${context}`].filter(Boolean).join(', ');

/** The same in one line; undefined if all are defaults. */
export function localLine(settings: LocalSettings): string | undefined {
  const entries = localEntries(settings).map(([label, value]) => `${label.toLowerCase()}: ${value}`);
  return entries.length > 0 ? `Local settings: ${entries.join(', ')}.` : undefined;
}

/** Where the published ports of a task are that have no fixed address: `task 3: port 80 is at 127.0.0.1:49153`. */
export const publishedLine = (task: number, ports: Readonly<Record<string, string>>): string =>
  `task ${task}: ${portsLine(ports)}`;

export const portsLine = (ports: Readonly<Record<string, string>>): string =>
  Object.entries(ports)
    .map(([port, address]) => `port ${port} is at ${address}`)
    .join(', ');

/** The local sources of an execution's secrets, buckets, exports and Cloud SQL instances. */
export const mappedEntries = (settings: LocalSettings): [label: string, value: string][] => [
  ...Object.entries(settings.secrets).flatMap(([name, versions]) =>
    Object.entries(versions).map(([version, source]): [string, string] => [
      `Secret ${name}:${version}`,
      shownSource(source),
    ]),
  ),
  ...Object.entries(settings.buckets).map(([name, directory]): [string, string] => [`Bucket ${name}`, directory]),
  ...Object.entries(settings.claims).map(([name, claim]): [string, string] => [`Bucket ${name}`, shownClaim(claim)]),
  ...Object.entries(settings.nfs).map(([name, directory]): [string, string] => [`Export ${name}`, directory]),
  ...Object.entries(settings.cloudSql).map(([name, endpoint]): [string, string] => [
    `Cloud SQL instance ${name}`,
    shownEndpoint(endpoint),
  ]),
];

export const shownClaim = (claim: string): string => `the claim ${claim} of the cluster`;

/** The source of a secret; never its value. */
export function shownSource(source: SecretSource): string {
  if ('file' in source) return source.file;
  if ('env' in source) return `the environment variable ${source.env}`;
  if ('kubernetesSecret' in source) return `${source.key} in the Secret ${source.kubernetesSecret} of the cluster`;
  return 'dotenv' in source ? `${source.key} in ${source.dotenv}` : `in ${source.inline}`;
}

export const shownEndpoint = (endpoint: CloudSqlEndpoint): string =>
  'tcp' in endpoint ? `${endpoint.tcp} (${endpoint.engine})` : endpoint.socket;
