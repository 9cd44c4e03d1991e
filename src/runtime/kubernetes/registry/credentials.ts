import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a registry takes for a user: a password, or a token to get other tokens with. */
export type Credentials = { username: string; password: string } | { identityToken: string };

/** The part of the docker client's config.json that says who the user is. */
interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

const hubKey = 'https://index.docker.io/v1/';

/**
 * The credentials that the docker client has for a registry; undefined if it has none.
 * @throws Error the configuration cannot be read, or its credential helper fails
 */
export async function dockerCredentials(
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const config = await readConfig(env);
  const key = registry === 'docker.io' ? hubKey : registry;
  const helper = config.credHelpers?.[key] ?? config.credsStore;
  if (helper) return askHelper(helper, key, env, signal);
  const [, found] = Object.entries(config.auths ?? {}).find(([name]) => name === key || hostOf(name) === key) ?? [];
  if (!found) return undefined;
  if (found.identitytoken) return { identityToken: found.identitytoken };
  const [username = '', password = ''] = found.auth
    ? Buffer.from(found.auth, 'base64').toString().split(/:(.*)/s)
    : [found.username, found.password];
  return username ? { username, password } : undefined;
}

const hostOf = (name: string): string => name.replace(/^https?:\/\//, '').replace(/\/.*$/, '');

async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<DockerConfig> {
  const directory = env['DOCKER_CONFIG'] || path.join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.docker');
  const file = path.join(directory, 'config.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return JSON.parse(text) as DockerConfig;
  } catch (error) {
    throw new Error(`${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The protocol of docker-credential-helpers: the server on stdin, and its credentials as JSON on stdout. */
async function askHelper(
  helper: string,
  key: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const { execa } = await import('execa');
  const program = `docker-credential-${helper}`;
  const { failed, stdout, stderr, code } = await execa(program, ['get'], {
    ...{ input: key, env, extendEnv: false, reject: false, cancelSignal: signal, timeout: 30_000 },
  });
  signal.throwIfAborted();
  if (failed) {
    if (/credentials not found/i.test(stdout)) return undefined;
    const why = code === 'ENOENT' ? 'it is not on the PATH' : (stdout || stderr).trim().split('\n')[0] || 'it failed';
    throw new Error(`${program} gives no credentials: ${why}`);
  }
  const { Username = '', Secret = '' } = JSON.parse(stdout) as { Username?: string; Secret?: string };
  if (!Username) return undefined;
  return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret };
}
