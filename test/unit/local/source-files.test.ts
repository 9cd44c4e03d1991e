import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { notInImage, notUploaded } from '../../../src/local/source-files.js';
import { stagedSource } from '../../../src/local/staged-source.js';
import { tempDirectory } from '../../support/temp.js';

/** A directory with these files; a name that ends with a slash is a directory. */
function directoryOf(files: Record<string, string>): string {
  const directory = tempDirectory();
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, content);
  }
  return directory;
}

describe('what gcloud does not upload', () => {
  test.for([
    ['nothing, without version control', { 'a.txt': '' }, undefined, [], ['a.txt', 'dist']],
    [
      'what .gitignore says, and the files of git',
      { '.gitignore': 'dist/\n*.log\n!keep.log\n# .env\n' },
      '.gitignore',
      ['dist', 'a.log', 'below/b.log', '.git', '.gitignore'],
      ['keep.log', '.env', 'src'],
    ],
    ['.git of a repository without .gitignore', { '.git/HEAD': '' }, '.gitignore', ['.git'], ['dist']],
    [
      'what .gcloudignore says instead, with what it includes',
      { '.gitignore': 'dist/\n', '.gcloudignore': '/own\n#!include:.more\n#!include:none\n', '.more': 'more\n' },
      '.gcloudignore',
      ['own', 'more', 'below/more'],
      ['dist', '.git', 'below/own'],
    ],
  ] as const)('%s', ([, files, by, left, kept]) => {
    const rules = notUploaded(directoryOf(files));
    expect(rules?.by).toBe(by);
    const leftOut = (name: string): boolean => rules?.ignores(name, !/\.\w+$/.test(name) || name === '.git') ?? false;
    expect([...left, ...kept].filter(leftOut)).toEqual(left);
  });
});

test('an image does not depend on what .dockerignore leaves out, but on what decides about the build', () => {
  const ignores = notInImage(
    directoryOf({ '.dockerignore': '# all\n*\n!src\nsrc/**/*.tmp\n!lib/*/index.js\n!docs/guide.md\n' }),
  );
  const files = [
    'a.txt',
    'src/a.ts',
    'src/below/a.tmp',
    'docs/guide.md',
    'docs/other.md',
    'Dockerfile',
    '.dockerignore',
  ];
  expect(files.filter((name) => ignores(name, false))).toEqual(['a.txt', 'src/below/a.tmp', 'docs/other.md']);
  // A directory with exceptions in it is looked into.
  const directories = ['node_modules', 'src', 'docs', 'lib', 'lib/a', '.git'];
  expect(directories.filter((name) => ignores(name, true))).toEqual(['node_modules', '.git']);
});

describe('a source of which something is left out', () => {
  const leftOut = (below: string): boolean => below === 'dist' || below.endsWith('.log');

  test('is copied without it, and the copy is removed', async () => {
    const directory = directoryOf({ 'a.txt': 'a', 'below/run.sh': 'b', 'below/b.log': '', 'dist/c': '', 'empty/': '' });
    chmodSync(path.join(directory, 'below/run.sh'), 0o755);
    symlinkSync('a.txt', path.join(directory, 'link'));
    const scratch = path.join(tempDirectory(), 'builds');
    mkdirSync(path.join(scratch, 'of-a-killed-build'), { recursive: true });
    utimesSync(path.join(scratch, 'of-a-killed-build'), 0, 0);
    const staged = await stagedSource(directory, leftOut, scratch);
    expect(path.basename(staged?.directory ?? '')).toBe(path.basename(directory));
    const files = readdirSync(staged?.directory ?? '', { recursive: true, encoding: 'utf8' });
    expect(files.toSorted()).toEqual(['a.txt', 'below', 'below/run.sh', 'empty', 'link']);
    expect(readFileSync(path.join(staged?.directory ?? '', 'link'), 'utf8')).toBe('a');
    expect(readdirSync(scratch)).toHaveLength(1);
    await staged?.remove();
    expect(readdirSync(scratch)).toEqual([]);
    expect(existsSync(path.join(directory, 'a.txt'))).toBe(true);
  });

  test('is used as it is if nothing is there to leave out', async () => {
    expect(await stagedSource(directoryOf({ 'a.txt': '' }), leftOut, '/none')).toBeUndefined();
  });
});

test('what vanishes while it is copied is not in the copy', async () => {
  const directory = directoryOf({ 'a.txt': 'a', 'b.tmp': '', 'gone.d/x': '', left: '' });
  const staged = await stagedSource(
    directory,
    (name) => {
      if (name === 'b.tmp' || name === 'gone.d') rmSync(path.join(directory, name), { recursive: true });
      return name === 'left';
    },
    tempDirectory(),
  );
  expect(readdirSync(staged?.directory ?? '')).toEqual(['a.txt']);
});
