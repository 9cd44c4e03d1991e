import type { LocalSettings } from '../../../model/local/settings.js';
import type { Mount } from '../engine-api.js';

/** What containers get so that they find out who they are and act in that name. */
export interface Identity {
  /** Names that stand for 127.0.0.1. */
  hosts: readonly string[];
  env: Record<string, string>;
  mounts: readonly Mount[];
}

const metadataHost = 'metadata.google.internal';
const credentialsPath = '/var/run/secrets/localrun/application_default_credentials.json';

/** @param credentialsFile the application default credentials of this machine */
export const identity = (
  { metadata, credentials }: Pick<LocalSettings, 'metadata' | 'credentials'>,
  credentialsFile: string,
): Identity => ({
  hosts: metadata ? [metadataHost, 'metadata'] : [],
  env: {
    // Libraries go by the name, by the address, or by either.
    ...(metadata && { GCE_METADATA_HOST: metadataHost, GCE_METADATA_IP: '127.0.0.1' }),
    ...(credentials && { GOOGLE_APPLICATION_CREDENTIALS: credentialsPath }),
  },
  mounts: credentials ? [{ kind: 'bind', source: credentialsFile, target: credentialsPath, readOnly: true }] : [],
});
