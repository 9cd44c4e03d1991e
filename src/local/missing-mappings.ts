/** An entry that localrun.yaml lacks, with a proposed value: paths are suggestions. */
export interface Addition {
  /** The keys that lead to it. */
  path: readonly string[];
  /** In YAML, on one line. */
  value: string;
  /** What the value names, if it can be created: an empty file or a directory, relative to localrun.yaml. */
  creates?: { kind: 'file' | 'directory'; name: string };
}

/** The mappings that jobs need and that localrun.yaml lacks. */
export class MissingMappings {
  readonly #additions = new Map<string, Addition>();
  readonly #names = new Set<string>();
  /** Files of mapped secrets that do not exist. */
  readonly files = new Set<string>();

  get additions(): Addition[] {
    return [...this.#additions.values()];
  }

  /** @param version the version that is missing; undefined: the whole secret is */
  secret(name: string, version: string | undefined): void {
    const path = ['secrets', name, ...(version === undefined ? [] : ['versions', version])];
    this.#add(path, () => {
      const file = this.#proposed('secrets', version === undefined ? name : `${name}-${version}`);
      return { path, value: `{ file: ${file} }`, creates: { kind: 'file', name: file } };
    });
  }

  directory(kind: 'bucket' | 'export', name: string): void {
    const section = kind === 'bucket' ? 'buckets' : 'nfs';
    const path = [section, name];
    this.#add(path, () => {
      const directory = this.#proposed(section, name);
      return { path, value: directory, creates: { kind: 'directory', name: directory } };
    });
  }

  claim(bucket: string): void {
    const path = ['buckets', bucket];
    this.#add(path, () => ({ path, value: `{ claim: ${bucket.replaceAll(/[^a-z\d]+/g, '-')} }` }));
  }

  instance(name: string): void {
    const path = ['cloudSql', name];
    this.#add(path, () => ({ path, value: '{ tcp: "127.0.0.1:5432" }' }));
  }

  #add(path: readonly string[], make: () => Addition): void {
    const known = JSON.stringify(path);
    if (!this.#additions.has(known)) this.#additions.set(known, make());
  }

  /**
   * A unique path for something of any name: the last part of the name, without characters that are special in shells
   * and YAML.
   */
  #proposed(directory: string, name: string): string {
    const last =
      name
        .split('/')
        .findLast(Boolean)
        ?.replaceAll(/[^\w.-]/g, '-') || 'data';
    for (let i = 1; ; i++) {
      const path = `./${directory}/${last}${i > 1 ? `-${i}` : ''}`;
      if (this.#names.has(path)) continue;
      this.#names.add(path);
      return path;
    }
  }
}

/** Entries as lines of YAML, grouped by section. */
export function yamlLines(additions: readonly Addition[]): string[] {
  const lines: string[] = [];
  let last: readonly string[] = [];
  const sections = ['secrets', 'buckets', 'nfs', 'cloudSql'];
  const place = ({ path: [section = ''] }: Addition): number => sections.indexOf(section);
  for (const { path, value } of additions.toSorted((a, b) => place(a) - place(b))) {
    const before = last;
    const shared = path.findIndex((step, i) => step !== before[i]);
    for (const [i, step] of path.entries()) {
      if (i < shared) continue;
      lines.push(`${'  '.repeat(i)}${yamlKey(step)}:${i === path.length - 1 ? ` ${value}` : ''}`);
    }
    last = path;
  }
  return lines;
}

/** A YAML key, quoted unless it is plain text. */
export const yamlKey = (name: string): string => (/^[a-z][\w./-]*$/i.test(name) ? name : JSON.stringify(name));
