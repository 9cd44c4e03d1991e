import path from 'node:path';
import type { LocalFile, LocalSecret, LocalSecretVersion } from './schema.js';
import { anyVersion, type CloudSqlEndpoint, type LocalSettings, type SecretSource } from './settings.js';
import { ownProperty } from '../own-property.js';

export type Mappings = Pick<LocalSettings, 'secrets' | 'buckets' | 'claims' | 'nfs' | 'cloudSql'>;

/** The mappings of a localrun.yaml for secrets, buckets and so on, with absolute paths. */
export function mappingsOf(local: LocalFile, file: string, home: string): Mappings {
  const absolute = (name: string): string =>
    path.resolve(
      path.dirname(file),
      name.replace(/^~(?=\/|$)/, () => home),
    );
  const each = <T, R>(record: Record<string, T> | undefined, change: (value: T, key: string) => R): Record<string, R> =>
    Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, change(value, key)]));

  const source = (
    { value, file: name, env, dotenv, key = '', kubernetesSecret }: LocalSecretVersion,
    at: string[],
  ): SecretSource => {
    if (kubernetesSecret) {
      const slash = kubernetesSecret.indexOf('/');
      return { kubernetesSecret: kubernetesSecret.slice(0, slash), key: kubernetesSecret.slice(slash + 1) };
    }
    if (name) return { file: absolute(name) };
    if (env) return { env };
    if (dotenv) return { dotenv: absolute(dotenv), key };
    return { inline: file, at: [...at, 'value'], ...(/[\r\n]/.test(value ?? '') && { lines: true }) };
  };
  const secret = (value: LocalSecret, name: string): Record<string, SecretSource> => {
    const at = ['secrets', name];
    if (!value.versions) return { [anyVersion]: source(value, at) };
    const versions = each(value.versions, (version, number) => source(version, [...at, 'versions', number]));
    const highest = Object.keys(versions)
      .filter((number) => /^\d+$/.test(number))
      .toSorted((a, b) => Number(b) - Number(a))[0];
    const named = { ...(highest !== undefined && { latest: highest }), ...value.aliases };
    const aliased = Object.entries(named).flatMap(([alias, number]) => {
      const found = ownProperty(versions, number);
      return found ? [[alias, found] as const] : [];
    });
    return { ...Object.fromEntries(aliased), ...versions };
  };
  const buckets = Object.entries(local.buckets ?? {});
  return {
    secrets: each(local.secrets, secret),
    buckets: Object.fromEntries(
      buckets.flatMap(([name, target]) => (typeof target === 'string' ? [[name, absolute(target)]] : [])),
    ),
    claims: Object.fromEntries(
      buckets.flatMap(([name, target]) => (typeof target === 'string' ? [] : [[name, target.claim ?? '']])),
    ),
    nfs: Object.fromEntries(
      Object.entries(local.nfs ?? {}).map(([name, directory]) => [exportName(name), absolute(directory)]),
    ),
    cloudSql: each(local.cloudSql, ({ socket, tcp = '', engine }): CloudSqlEndpoint => {
      if (socket) return { socket: absolute(socket) };
      return { tcp, engine: engine ?? (tcp.endsWith(':3306') ? 'mysql' : 'postgres') };
    }),
  };
}

/** `HOST:/PATH` in normal form, for comparison. */
export function exportName(name: string): string {
  const colon = name.indexOf(':/');
  const directory = path.posix.normalize(name.slice(colon + 1));
  return `${name.slice(0, colon)}:${directory.length > 1 ? directory.replace(/\/$/, '') : directory}`;
}
