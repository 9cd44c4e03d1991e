import path from 'node:path';
import { expect, test } from 'vitest';
import type { DeclaredField } from '../../src/model/field-effects.js';
import { repository } from '../support/cli.js';

type Table = Record<string, Record<string, string[]>>;
interface Proofs {
  hasTest: (source: string, title: string) => boolean;
  proofsOf: (
    fields: DeclaredField[],
    table: Table,
    read: (file: string) => string | undefined,
  ) => { proofs: Map<string, { file: string; title: string }[]>; problems: string[] };
}
const { hasTest, proofsOf } = (await import(path.join(repository, 'scripts/proofs.mjs'))) as Proofs;

test.each([
  [`test('a title', () => {`, true],
  [`test.concurrent(\n  "a title",\n  async () => {`, true],
  [`test.for([1])('a title', () => {`, true],
  [`  ['a title', 'key', 'expected'],`, true],
  [`test('not a title', () => {`, false],
  [`test('a title and more', () => {`, false],
  [`test.skip('a title', () => {`, false],
  [`// a title`, false],
  [`expect('a title')`, false],
])('a test called "a title" in %j: %s', (source, there) => {
  expect(hasTest(source, 'a title')).toBe(there);
});

test('titles may hold quotes, and what expressions are made of', () => {
  expect(hasTest(String.raw`test('it\'s (all) $1.50', () => {`, `it's (all) $1.50`)).toBe(true);
  expect(hasTest(`test('it is xall', () => {`, 'it is .all')).toBe(false);
});

const fields: DeclaredField[] = [
  { path: 'etag', effect: 'same', doc: '' },
  { path: 'template.timeout', effect: 'same', doc: '' },
  { path: 'template.vpc', effect: 'ignoredLocally', doc: '' },
  { path: 'template.vpc.egress', effect: 'ignoredLocally', doc: '' },
  { path: 'labels', effect: 'recorded', doc: '' },
];
const files: Record<string, string> = {
  'test/docker/a.test.ts': `test('timeouts', () => { timeout }); test('the rest', () => {})`,
  'test/unit/b.test.ts': `test('keeps', () => { etag; timeout; })`,
};
const all: Table = {
  'test/docker/a.test.ts': { timeouts: ['template.timeout'], 'the rest': ['ignoredLocally'] },
  'test/unit/b.test.ts': { keeps: ['etag', 'recorded'] },
};
const problems = (change: Table): string[] => proofsOf(fields, { ...all, ...change }, (file) => files[file]).problems;

test('a table that proves every field is fine', () => {
  expect(problems({})).toEqual([]);
  const { proofs } = proofsOf(fields, all, (file) => files[file]);
  expect(proofs.get('template.vpc.egress')).toEqual([{ file: 'test/docker/a.test.ts', title: 'the rest' }]);
});

test.each<[what: string, change: Table, problem: string]>([
  [
    'a test that there is not',
    { 'test/unit/b.test.ts': { kept: ['etag', 'recorded'] } },
    'test/unit/b.test.ts has no test called "kept"',
  ],
  ['a file that there is not', { 'test/c.test.ts': { x: ['etag'] } }, 'test/c.test.ts has no test called "x"'],
  ['a field without a proof', { 'test/unit/b.test.ts': { keeps: ['recorded'] } }, 'no test proves etag (same)'],
  ['an effect without a proof', { 'test/unit/b.test.ts': { keeps: ['etag'] } }, 'no test proves labels (recorded)'],
  [
    'a field of tasks that no container proves',
    {
      'test/docker/a.test.ts': { 'the rest': ['ignoredLocally'] },
      'test/unit/b.test.ts': { keeps: ['etag', 'recorded', 'template.timeout'] },
    },
    'no test on containers proves template.timeout (same)',
  ],
  [
    'what is no field',
    { 'test/unit/b.test.ts': { keeps: ['etag', 'recorded', 'timeout'] } },
    'test/unit/b.test.ts: "keeps" proves timeout, which is no field',
  ],
  [
    'an effect of which every field has to have a proof of its own',
    { 'test/unit/b.test.ts': { keeps: ['etag', 'recorded', 'same'] } },
    'test/unit/b.test.ts: "keeps" proves same, which is no field',
  ],
  [
    'a field that its file does not know',
    {
      'test/docker/a.test.ts': {
        timeouts: ['template.timeout', 'template.vpc.egress'],
        'the rest': ['ignoredLocally'],
      },
    },
    'test/docker/a.test.ts does not even name template.vpc.egress',
  ],
])('%s is reported', (_, change, problem) => {
  expect(problems(change)).toContain(problem);
});
