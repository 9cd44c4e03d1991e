import type { Parent } from '../../model/names.js';

/** The clients that have variables of their own. */
export const clients = ['gcloud', 'node', 'python', 'go', 'terraform'] as const;
export type Client = (typeof clients)[number];

type Variables = Record<string, string>;

const variablesOf: Record<Client, (address: URL, parent: Parent) => Variables> = {
  gcloud: ({ protocol, hostname, port: given }, { project, location }) => {
    // gcloud puts the region in front of this name. Nothing resolves that, so that the server is its proxy, too.
    const port = given || (protocol === 'https:' ? '443' : '80');
    const endpoint = `${protocol}//localhost:${port}/`;
    return {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: endpoint,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: endpoint,
      CLOUDSDK_PROXY_TYPE: 'http',
      CLOUDSDK_PROXY_ADDRESS: hostname.replace(/^\[|\]$/g, ''),
      CLOUDSDK_PROXY_PORT: port,
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
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
  terraform: ({ origin }, { project, location }) => ({
    GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT: `${origin}/v2/`,
    GOOGLE_OAUTH_ACCESS_TOKEN: 'local',
    GOOGLE_PROJECT: project,
    GOOGLE_REGION: location,
  }),
};

/**
 * The variables by which clients find a server: those of one client, or of all. `LOCALRUN_SERVER` is for programs whose
 * client takes the address in code only.
 * @param url the address of the server, without a slash at the end
 */
export function serverEnvironment(url: string, parent: Parent, of: readonly Client[] = clients): Variables {
  const address = new URL(url);
  return Object.assign(
    { LOCALRUN_SERVER: url },
    ...of.map((client) => variablesOf[client](address, parent)),
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
