import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { initialize, withAdditions } from '../../../src/local/init.js';
import { type Addition, MissingMappings } from '../../../src/local/missing-mappings.js';
import { tempDirectory } from '../../support/temp.js';

const additions: Addition[] = [
  { path: ['secrets', 'key'], value: '{ file: ./secrets/key }' },
  { path: ['secrets', 'pair', 'versions', '7'], value: '{ file: ./secrets/pair-7 }' },
  { path: ['cloudSql', 'p:r:i'], value: '{ tcp: "127.0.0.1:5432" }' },
];
const sql = 'cloudSql:\n  "p:r:i": { tcp: "127.0.0.1:5432" }\n';
const pair = '  pair:\n    versions:\n      "7": { file: ./secrets/pair-7 }\n';

test.each<[what: string, before: string, after: string]>([
  ['nothing', '', `secrets:\n  key: { file: ./secrets/key }\n${pair}${sql}`],
  ['a comment', '# mine', `# mine\nsecrets:\n  key: { file: ./secrets/key }\n${pair}${sql}`],
  [
    'sections, comments and no line break at the end',
    '# mine\nsecrets:\n    old: { env: OLD } # the old one\n\n# the rest\nproject: "p"',
    `# mine\nsecrets:\n    old: { env: OLD } # the old one\n    key: { file: ./secrets/key }\n${pair.replaceAll(/^/gm, '  ').trimEnd()}\n\n# the rest\nproject: "p"\n${sql}`,
  ],
  [
    'flow maps',
    'secrets: { old: { env: OLD }, pair: { versions: { 1: { env: P } } } }\ncloudSql: {}\n',
    'secrets: { old: { env: OLD }, pair: { versions: { 1: { env: P }, "7": { file: ./secrets/pair-7 } } }, key: { file: ./secrets/key } }\ncloudSql: { "p:r:i": { tcp: "127.0.0.1:5432" } }\n',
  ],
  [
    'versions of the secret, and a section with nothing in it',
    'secrets:\n  pair:\n    versions:\n      1:\n        value: |\n          a\n          b\n    aliases: { x: 1 }\ncloudSql:\nbuckets: { b: . }\n',
    'secrets:\n  pair:\n    versions:\n      1:\n        value: |\n          a\n          b\n      "7": { file: ./secrets/pair-7 }\n    aliases: { x: 1 }\n  key: { file: ./secrets/key }\ncloudSql:\n  "p:r:i": { tcp: "127.0.0.1:5432" }\nbuckets: { b: . }\n',
  ],
  [
    'line breaks of Windows',
    'secrets:\r\n  old: { env: OLD }\r\nproject: p\r\n',
    `secrets:\n  old: { env: OLD }\n  key: { file: ./secrets/key }\n${pair}project: p\n${sql}`.replaceAll('\n', '\r\n'),
  ],
])('lines are added to a file that has %s, and it stays as it is otherwise', (_, before, after) => {
  expect(withAdditions(before, additions)).toBe(after);
});

test.each([
  ['an alias', 'secrets: &s { a: { env: A } }\nbuckets: { b: "." }\n', true],
  ['nothing but a flow map over all', '{ project: p }\n', true],
  ['a flow map that ends in a comma', '{ project: p, }\n', true],
  ['no map', '- a\n', false],
])('a file with %s', (_, before, possible) => {
  const after = withAdditions(before, additions);
  expect(after === undefined).toBe(!possible);
});

test('files and directories are made where there are none, and only their owner can read secrets', () => {
  const directory = tempDirectory();
  const at = (name: string): string => path.join(directory, name);
  const missing = new MissingMappings();
  missing.secret('key', undefined);
  missing.secret('projects/other/secrets/key', undefined);
  missing.directory('bucket', 'data');
  missing.files.add(at('elsewhere/pw'));
  mkdirSync(at('secrets'));
  writeFileSync(at('secrets/key'), 'hunter2');
  const done = initialize(at('localrun.yaml'), missing);
  expect(done).toEqual({
    file: at('localrun.yaml'),
    existed: false,
    added: [
      'secrets:',
      '  key: { file: ./secrets/key }',
      '  projects/other/secrets/key: { file: ./secrets/key-2 }',
      'buckets:',
      '  data: ./buckets/data',
    ],
    left: [],
    created: [at('secrets/key-2'), at('buckets/data'), at('elsewhere/.gitignore'), at('elsewhere/pw')],
    kept: [at('secrets/key')],
  });
  expect(readFileSync(at('secrets/key'), 'utf8')).toBe('hunter2');
  expect(statSync(at('secrets/key-2'))).toMatchObject({ size: 0, mode: 0o100600 });
  expect(statSync(at('elsewhere')).mode & 0o777).toBe(0o700);
  expect(initialize(at('localrun.yaml'), new MissingMappings())).toMatchObject({
    existed: true,
    added: [],
    created: [],
  });
});

test('a file behind a link is changed where it is, and keeps its mode; one that cannot be added to stays', () => {
  const directory = tempDirectory();
  const at = (name: string): string => path.join(directory, name);
  const missing = new MissingMappings();
  missing.instance('p:r:i');
  missing.secret('key', undefined);
  writeFileSync(at('real.yaml'), 'project: p\n', { mode: 0o640 });
  symlinkSync(at('real.yaml'), at('localrun.yaml'));
  initialize(at('localrun.yaml'), missing);
  expect(readFileSync(at('real.yaml'), 'utf8')).toMatch(/^project: p\ncloudSql:\n.*\nsecrets:\n.*\n$/);
  expect(statSync(at('real.yaml')).mode & 0o777).toBe(0o640);
  const shared = 'buckets: &all { h:/x: . }\nnfs: *all\n';
  writeFileSync(at('alias.yaml'), shared);
  missing.directory('export', 'h:/y');
  const { added, left, created } = initialize(at('alias.yaml'), missing);
  expect([added, left.length, created]).toEqual([[], 6, []]);
  expect(readFileSync(at('alias.yaml'), 'utf8')).toBe(shared);
});
