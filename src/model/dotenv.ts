/** The contents of a `.env` file. */
export interface Dotenv {
  /** In file order; undefined for a name without `=`. If a name is repeated, the last one wins. */
  variables: Map<string, string | undefined>;
  /** The numbers of lines that cannot be parsed and are ignored. */
  unreadable: number[];
}

/** The parts of a line in the grammar of python-dotenv, which gcloud uses for these files. */
const blanks = /[^\S\n]*/y;
const space = /\s*/y;
const exported = /export[^\S\n]+/y;
const names = /'([^']+)'|([^=#\s]+)|(?=#)/y;
const equals = /=[^\S\n]*/y;
const singleQuoted = /'((?:\\'|[^'])*)'/y;
const doubleQuoted = /"((?:\\"|[^"])*)"/y;
const unquoted = /[^\n]*/y;
const ending = /[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;

const escapes: ReadonlyMap<string, string> = new Map(
  Object.entries({ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }),
);

/**
 * Reads a `.env` file as gcloud does. An unquoted `#` begins a comment only after a blank. `${NAME}` and
 * `${NAME:-default}` are expanded, also in quotes: first from earlier variables, then from `surroundings`.
 */
export function parseDotenv(file: string, surroundings: Readonly<Record<string, string | undefined>> = {}): Dotenv {
  const text = file.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const result: Dotenv = { variables: new Map(), unreadable: [] };
  let at = 0;
  const take = (part: RegExp): RegExpExecArray | null => {
    part.lastIndex = at;
    const found = part.exec(text);
    if (found) at = part.lastIndex;
    return found;
  };
  const value = (): string | undefined => {
    if (text[at] === "'") return take(singleQuoted)?.[1]?.replaceAll(/\\([\\'])/g, '$1');
    if (text[at] === '"') {
      return take(doubleQuoted)?.[1]?.replaceAll(
        /\\([\\'"abfnrtv])/g,
        (_, letter: string) => escapes.get(letter) ?? letter,
      );
    }
    return take(unquoted)?.[0]
      .replace(/\s+#.*/, '')
      .trimEnd();
  };
  while (at < text.length) {
    take(space);
    if (at === text.length) break;
    const start = at;
    take(exported);
    const name = take(names);
    take(blanks);
    const assigned = name && take(equals);
    const said = assigned ? value() : undefined;
    if (name && (!assigned || said !== undefined) && take(ending)) {
      const key = name[1] ?? name[2];
      if (key !== undefined) result.variables.set(key, said && expanded(said, result.variables, surroundings));
    } else {
      result.unreadable.push(lineOf(text, start));
      take(unquoted);
      at++;
    }
  }
  return result;
}

function expanded(
  value: string,
  before: Dotenv['variables'],
  surroundings: Readonly<Record<string, string | undefined>>,
): string {
  return value.replaceAll(reference, (_, name: string, unset = '') => {
    if (before.has(name)) return before.get(name) ?? '';
    return (Object.hasOwn(surroundings, name) ? surroundings[name] : undefined) ?? unset;
  });
}

const reference = /\$\{([^}:]*)(?::-([^}]*))?\}/g;

/** Whether a file may be a `.env` file: its name does not say that it is YAML or JSON. */
export const mayBeDotenv = (file: string): boolean => !/\.(?:ya?ml|json)$/i.test(file);

/** The names that `${NAME}` in the text of a `.env` file refers to. */
export const variablesIn = (file: string): string[] => [...file.matchAll(reference)].map(([, name = '']) => name);

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
