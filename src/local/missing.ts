/** What is not in localrun.yaml and has to be: the lines that add it, for paths that are only proposals. */
export class MissingLines {
  /** Versions that are missing, by secret; undefined: all of the secret is. */
  readonly #secrets = new Map<string, Set<string> | undefined>();
  readonly #buckets = new Set<string>();
  readonly #exports = new Set<string>();
  readonly #instances = new Set<string>();

  secret(name: string, version: string | undefined): void {
    if (version === undefined) this.#secrets.set(name, undefined);
    else this.#secrets.set(name, (this.#secrets.get(name) ?? new Set()).add(version));
  }

  directory(kind: 'bucket' | 'export', name: string): void {
    (kind === 'bucket' ? this.#buckets : this.#exports).add(name);
  }

  instance(name: string): void {
    this.#instances.add(name);
  }

  /** YAML; undefined if nothing is missing. */
  lines(): string | undefined {
    const section = (name: string, entries: string[]): string[] =>
      entries.length > 0 ? [`${name}:`, ...entries.map((line) => `  ${line}`)] : [];
    const lines = [
      ...section(
        'secrets',
        [...this.#secrets].flatMap(([name, versions]) => {
          const file = `./secrets/${fileName(name)}`;
          if (!versions) return [`${key(name)}: { file: ${file} }`];
          const missing = [...versions].map((version) => `    ${key(version)}: { file: ${file}-${version} }`);
          return [`${key(name)}:`, '  versions:', ...missing];
        }),
      ),
      ...section(
        'buckets',
        [...this.#buckets].map((name) => `${key(name)}: ./buckets/${fileName(name)}`),
      ),
      ...section(
        'nfs',
        [...this.#exports].map((name) => `${key(name)}: ./nfs/${fileName(name)}`),
      ),
      ...section(
        'cloudSql',
        [...this.#instances].map((name) => `${key(name)}: { tcp: "127.0.0.1:5432" }`),
      ),
    ];
    return lines.length > 0 ? lines.join('\n') : undefined;
  }
}

/** A YAML key, quoted where it would be no plain text. */
const key = (name: string): string => (/^[a-z][\w./-]*$/i.test(name) ? name : JSON.stringify(name));

/** A file name for something with any name: its last part, without what shells and YAML look at. */
const fileName = (name: string): string =>
  name
    .split('/')
    .findLast(Boolean)
    ?.replaceAll(/[^\w.-]/g, '-') || 'data';
