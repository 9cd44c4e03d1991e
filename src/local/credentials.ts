import { accessSync, constants } from 'node:fs';
import { StatusError } from '../model/errors.js';
import type { TokenSource } from '../model/metadata-server.js';

/** How long an access token is valid, and how long it is reused, in ms. gcloud prints a new one at every call. */
const tokenLifetime = 3600_000;
const tokenUse = 3000_000;

/** The application default credentials of the user who runs localrun. */
export interface Credentials extends TokenSource {
  /** Their file. */
  readonly file: string;
  /** @throws StatusError if there are none */
  require(): void;
}

/** Application default credentials from which gcloud creates tokens. */
export class GcloudCredentials implements Credentials {
  readonly file: string;
  readonly #environment: Record<string, string | undefined>;
  readonly #now: () => number;
  #token: { made: number; text: Promise<string> } | undefined;

  constructor(file: string, environment: Record<string, string | undefined>, now: () => number) {
    this.file = file;
    this.#environment = environment;
    this.#now = now;
  }

  require(): void {
    try {
      accessSync(this.file, constants.R_OK);
    } catch {
      throw new StatusError('NOT_FOUND', `There are no application default credentials: ${this.file} cannot be read.`, {
        fix: 'run `gcloud auth application-default login`, or name a file in GOOGLE_APPLICATION_CREDENTIALS',
      });
    }
  }

  async accessToken(): Promise<{ token: string; expiresIn: number }> {
    const now = this.#now();
    if (!this.#token || now - this.#token.made >= tokenUse) {
      const text = this.#gcloud('auth', 'application-default', 'print-access-token');
      this.#token = { made: now, text };
      text.catch(() => (this.#token = undefined));
    }
    const { made, text } = this.#token;
    return { token: await text, expiresIn: Math.floor((made + tokenLifetime - now) / 1000) };
  }

  identityToken(audience: string): Promise<string> {
    return this.#gcloud('auth', 'print-identity-token', `--audiences=${audience}`);
  }

  async #gcloud(...args: string[]): Promise<string> {
    this.require();
    const env = {
      ...this.#environment,
      GOOGLE_APPLICATION_CREDENTIALS: this.file,
      // This is not the account that gcloud itself is logged in with.
      CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: this.file,
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    };
    const { execa } = await import('execa');
    const options = { env, extendEnv: false, stdin: 'ignore', reject: false } as const;
    const { stdout, stderr, failed, code, message } = await execa('gcloud', args, options);
    if (!failed) return stdout.trim();
    const why = code === 'ENOENT' ? missing : `gcloud says: ${stderr?.trim() || message}`;
    throw new StatusError('NOT_FOUND', `There is no token: ${why}`);
  }
}

const missing = 'gcloud, which makes tokens of application default credentials, is not installed.';
