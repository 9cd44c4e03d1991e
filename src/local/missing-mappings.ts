/** Something that localrun.yaml does not have, and what it could say: paths are only proposals. */
export interface Addition {
  /** The keys that lead to it. */
  path: readonly string[];
  /** In YAML, on one line. */
  value: string;
  /** What the value names, if that can be made: an empty file, or a directory; from the directory of localrun.yaml. */
  creates?: { kind: 'file' | 'directory'; name: string };
}

/** What jobs need of this machine and localrun.yaml does not have. */
export class MissingMappings {
  readonly #additions = new Map<string, Addition>();
  readonly #names = new Set<string>();
  /** Files of secrets that are mapped and not there. */
  readonly files = new Set<string>();

  get additions(): Addition[] {
    return [...this.#additions.values()];
  }

  /** @param version the one that is missing; undefined: all of the secret is */
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

  instance(name: string): void {
    const path = ['cloudSql', name];
    this.#add(path, () => ({ path, value: '{ tcp: "127.0.0.1:5432" }' }));
  }

  #add(path: readonly string[], make: () => Addition): void {
    const known = JSON.stringify(path);
    if (!this.#additions.has(known)) this.#additions.set(known, make());
  }

  /** A path for something with any name, and no other's: its last part, without what shells and YAML look at. */
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

/** Additions as lines of YAML, those of a section below its name. */
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

/** A YAML key, quoted where it would be no plain text. */
export const yamlKey = (name: string): string => (/^[a-z][\w./-]*$/i.test(name) ? name : JSON.stringify(name));
