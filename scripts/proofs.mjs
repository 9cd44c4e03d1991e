// @ts-check
// Which test proves what the fields of a job do: test/proofs.json, held to the fields and to the tests that there are.

/**
 * Whether a source has a test of that title that runs, or a row of that name in the table of one.
 * @param {string} source
 * @param {string} title
 */
export function hasTest(source, title) {
  const literal = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(?<!\\.(?:skip|todo))[([]\\s*(['"\`])${literal}\\1,`).test(source.replaceAll(String.raw`\'`, "'"));
}

const acting = ['same', 'mapped'];

/**
 * The proofs of each field, and what is wrong with the table: FILE -> TITLE -> what the test proves. That is a field; or
 * a field and those in it, or all fields with an effect, where these do not act.
 * @param {readonly { path: string, effect: string }[]} fields as the schema declares them
 * @param {Record<string, Record<string, string[]>>} table
 * @param {(file: string) => string | undefined} read the text of a file; undefined if there is none
 */
export function proofsOf(fields, table, read) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, { file: string, title: string }[]>} */
  const proofs = new Map(fields.map(({ path }) => [path, []]));
  const effects = new Set(fields.map(({ effect }) => effect).filter((effect) => !acting.includes(effect)));
  /** @param {string} path */
  const isLeaf = (path) => !fields.some((field) => field.path.startsWith(`${path}.`));
  for (const [file, tests] of Object.entries(table)) {
    const source = read(file) ?? '';
    for (const [title, proven] of Object.entries(tests)) {
      if (!hasTest(source, title)) problems.push(`${file} has no test called ${JSON.stringify(title)}`);
      for (const what of proven) {
        const found = fields.filter(
          ({ path, effect }) =>
            path === what || (!acting.includes(effect) && (effect === what || path.startsWith(`${what}.`))),
        );
        if (found.length === 0) problems.push(`${file}: ${JSON.stringify(title)} proves ${what}, which is no field`);
        if (!effects.has(what) && !new RegExp(`\\b${lastName(what)}\\b`).test(source)) {
          problems.push(`${file} does not even name ${what}`);
        }
        for (const { path } of found) proofs.get(path)?.push({ file, title });
      }
    }
  }
  for (const { path, effect } of fields.filter((field) => isLeaf(field.path))) {
    const files = proofs.get(path)?.map(({ file }) => file) ?? [];
    if (files.length === 0) problems.push(`no test proves ${path} (${effect})`);
    // What a task does, it does in a container.
    else if (acting.includes(effect) && path.startsWith('template.') && !files.some((file) => /\bdocker\b/.test(file)))
      problems.push(`no test on containers proves ${path} (${effect})`);
  }
  return { proofs, problems };
}

/** @param {string} path */
const lastName = (path) => path.split('.').at(-1)?.replace('[]', '');
