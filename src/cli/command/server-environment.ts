import type { Parent } from '../../model/names.js';

/** The clients that have variables of their own. */
export const clients = ['gcloud', 'node', 'python', 'go', 'terraform'] as const;
export type Client = (typeof clients)[number];

type Variables = Record<string, string>;

/** What requests to the server are about, and the token that it wants. */
interface Defaults extends Parent {
  token?: string | undefined;
}

const variablesOf: Record<Client, (address: URL, defaults: Defaults) => Variables> = {
  gcloud: ({ protocol, hostname, port: given }, { project, location, token }) => {
    // gcloud puts the region in front of this name. Nothing resolves that, so that the server is its proxy, too.
    const port = given || (protocol === 'https:' ? '443' : '80');
    const endpoint = `${protocol}//localhost:${port}/`;
    return {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: endpoint,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: endpoint,
      CLOUDSDK_PROXY_TYPE: 'http',
      CLOUDSDK_PROXY_ADDRESS: hostname.replace(/^\[|\]$/g, ''),
      CLOUDSDK_PROXY_PORT: port,
      ...(token === undefined ? { CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true' } : { CLOUDSDK_AUTH_ACCESS_TOKEN: token }),
      // Else its first call looks for a metadata server, for ten seconds.
      CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
      CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API: 'false',
      CLOUDSDK_CORE_PROJECT: project,
      CLOUDSDK_RUN_REGION: location,
    };
  },
  // Without credentials, Google's libraries look for a metadata server.
  node: (_, { project }) => ({ GOOGLE_CLOUD_PROJECT: project, METADATA_SERVER_DETECTION: 'none' }),
  python: (_, { project }) => ({ GOOGLE_CLOUD_PROJECT: project, NO_GCE_CHECK: 'true' }),
  go: (_, { project }) => ({ GOOGLE_CLOUD_PROJECT: project }),
  terraform: ({ origin }, { project, location, token = 'local' }) => ({
    GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: `${origin}/v2/`,
    GOOGLE_OAUTH_ACCESS_TOKEN: token,
    GOOGLE_PROJECT: project,
    GOOGLE_REGION: location,
  }),
};

/**
 * The variables by which clients find a server: those of one client, or of all. `LOCALRUN_SERVER` and
 * `LOCALRUN_SERVER_TOKEN` are for programs whose client takes them in code only.
 * @param url the address of the server, without a slash at the end
 */
export function serverEnvironment(url: string, defaults: Defaults, of: readonly Client[] = clients): Variables {
  const address = new URL(url);
  return Object.assign(
    { LOCALRUN_SERVER: url, ...(defaults.token !== undefined && { LOCALRUN_SERVER_TOKEN: defaults.token }) },
    ...of.map((client) => variablesOf[client](address, defaults)),
  ) as Variables;
}

/** Variables as lines for a POSIX shell. */
export const exportLines = (variables: Variables): string =>
  Object.entries(variables)
    .map(
      ([name, value]) =>
        `export ${name}=${/^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`}\n`,
    )
    .join('');
