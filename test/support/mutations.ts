import fc from 'fast-check';
import { parseAllDocuments, stringify } from 'yaml';

/** Characters and pieces that mean something in YAML, JSON, or to the reader. */
const pieces = [
  ...[
    '\t',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '  ',
    '- ',
    ': ',
    ', ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    '|',
    '>',
    '%',
    '@',
    '`',
  ],
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '<<: ',
    '!!str ',
    '!!int ',
    '!x ',
    '? ',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '\uFEFF',
    '\u2028',
  ],
  ...['null', '~', 'true', 'yes', '0x1f', '0o17', '017', '1e400', '.nan', '-.inf', '1_000', '12:30:45', '2026-11-23'],
  ...['é', '😀', '\\u0000', '__proto__', 'constructor', 'name: ', 'template: ', 'kind: Job\n', 'spec:\n'],
  ...['$(A)', 'a'.repeat(300), '\n'.repeat(40), '['.repeat(80), '{"a":'.repeat(70)],
];

/** A change of a text: at a place between 0 and 1, so many characters are replaced by a piece. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(12) }, fc.nat(400)),
  piece: fc.oneof(fc.constantFrom(...pieces), fc.constant(''), fc.string({ maxLength: 4 })),
});

/** A text after one to four edits. */
export const mutatedText = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((current, { at, cut, piece }) => {
      const start = Math.floor(at * current.length);
      return current.slice(0, start) + piece + current.slice(start + cut);
    }, text),
  );

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -1, 1.5, 2 ** 31, 1e300, '', '0', '-1', '600s', '1e3s', 'latest'),
  fc.constantFrom<Json>('yes', '0444', 'a/b', '../x', 'projects/p/secrets/s', 'MEMORY', 'Memory', '512Mi', '4', 'A B'),
  fc.constantFrom<Json>('x'.repeat(64), '{"a":["b"]}', '[]', 'p:r:i,p:r:j', 'a:projects/1/secrets/x', 'cloudsql'),
  fc.integer({ min: -10, max: 20000 }),
  fc.string({ maxLength: 8 }),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('name', 'image', 'cpu', 'a', 'run.googleapis.com/x', '__proto__'), scalar, {
    maxKeys: 3,
  }),
);
const change = fc.record({
  /** Which of the places of the tree. */
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  what: fc.constantFrom('replace', 'remove', 'rename', 'wrap', 'repeat', 'move'),
  value,
  other: fc.double({ min: 0, max: 1, noNaN: true }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

interface Place {
  holder: Json[] | { [key: string]: Json };
  key: string | number;
}

function placesOf(tree: Json): Place[] {
  if (tree === null || typeof tree !== 'object') return [];
  const keys = Array.isArray(tree) ? [...tree.keys()] : Object.keys(tree);
  return keys.flatMap((key) => [
    { holder: tree, key },
    ...placesOf((tree as Record<string | number, Json>)[key] ?? null),
  ]);
}

function apply(tree: Json, { place, what, value: replacement, other }: Change): void {
  const places = placesOf(tree);
  const pick = (fraction: number): Place | undefined =>
    places[Math.min(places.length - 1, Math.floor(fraction * places.length))];
  const chosen = pick(place);
  if (!chosen) return;
  const holder = chosen.holder as Record<string | number, Json>;
  const { key } = chosen;
  const current = holder[key] ?? null;
  const second = pick(other);
  const elsewhere = second ? ((second.holder as Record<string | number, Json>)[second.key] ?? null) : null;
  switch (what) {
    case 'replace':
      holder[key] = replacement;
      break;
    case 'remove':
      if (Array.isArray(chosen.holder)) chosen.holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 'rename':
      delete holder[key];
      holder[second && typeof second.key === 'string' ? second.key : `${key}s`] = current;
      break;
    case 'wrap':
      holder[key] = Array.isArray(current) ? (current[0] ?? {}) : [current];
      break;
    case 'repeat':
      if (Array.isArray(current)) current.push(...structuredClone(current));
      break;
    case 'move':
      holder[key] = structuredClone(elsewhere);
      break;
    default:
  }
}

/** The first document of a text as JSON, unless it is none. */
function treeOf(text: string): string[] {
  try {
    const documents = parseAllDocuments(text, { logLevel: 'silent', prettyErrors: false, uniqueKeys: false });
    const tree = (Array.isArray(documents) ? documents : [])[0]?.toJS() as Json | undefined;
    return typeof tree === 'object' && tree !== null ? [JSON.stringify(tree)] : [];
  } catch {
    return [];
  }
}

/** A document after one to three changes of its structure, as YAML or JSON. */
export function mutatedTree(texts: readonly string[]): fc.Arbitrary<string> {
  const trees = texts.flatMap(treeOf);
  return fc
    .tuple(fc.constantFrom(...trees), fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([text, changes, asJson]) => {
      const tree = JSON.parse(text) as Json;
      for (const one of changes) apply(tree, one);
      return asJson ? JSON.stringify(tree) : stringify(tree, { aliasDuplicateObjects: false });
    });
}
