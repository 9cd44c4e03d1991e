import { unwatchFile, watchFile } from 'node:fs';
import { type Environment, filesOf, realPath, secretValue, Unavailable } from '../local/sources.js';
import type { LocalSettings, SecretSource } from '../model/local/settings.js';
import { ownProperty } from '../model/own-property.js';
import { type SecretReference, type Sources, StartRefused } from '../runtime/port.js';

/** How often to check the file of a secret, in ms. */
const watchInterval = 1000;

/** What the attempts of an execution get from this machine, by the execution's settings. */
export class LocalSources implements Sources {
  readonly #secrets: LocalSettings['secrets'];
  readonly #env: Environment;

  constructor({ secrets }: Pick<LocalSettings, 'secrets'>, env: Environment) {
    this.#secrets = secrets;
    this.#env = env;
  }

  async secret(reference: SecretReference): Promise<Buffer> {
    const source = this.#source(reference);
    const what = `the secret ${reference.secret}, version ${reference.version}`;
    if (!source) throw new StartRefused(`${what}, is not mapped`);
    try {
      return await secretValue(source, this.#env);
    } catch (error) {
      throw refusal(error, `${what}, has no value: `);
    }
  }

  watchSecret(reference: SecretReference, onChange: () => void): () => void {
    const source = this.#source(reference);
    const files = source ? filesOf(source) : [];
    for (const file of files) watchFile(file, { interval: watchInterval, persistent: false }, onChange);
    return () => {
      for (const file of files) unwatchFile(file, onChange);
    };
  }

  verify(path: string): void {
    let real: string;
    try {
      real = realPath(path);
    } catch (error) {
      throw refusal(error);
    }
    if (real !== path) throw new StartRefused(`${path} has become a symbolic link to ${real}`);
  }

  #source({ secret, version }: SecretReference): SecretSource | undefined {
    return ownProperty(ownProperty(this.#secrets, secret) ?? {}, version);
  }
}

const refusal = (error: unknown, what = ''): unknown =>
  error instanceof Unavailable ? new StartRefused(`${what}${error.message}`) : error;
