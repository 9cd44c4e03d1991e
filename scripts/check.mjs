// @ts-check
// Types, lint and format, all at once: each uses one core for much of its time. What they have seen unchanged they keep
// in .cache.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { root } from './packages.mjs';

const cache = path.join(root, '.cache');
mkdirSync(cache, { recursive: true });
const checks = [
  ['tsc', '--incremental', '--tsBuildInfoFile', path.join(cache, 'tsc.json')],
  ['tsc', '-p', 'src/page', '--incremental', '--tsBuildInfoFile', path.join(cache, 'tsc-page.json')],
  ['oxlint', '--type-aware', '--deny-warnings'],
  [
    ...['prettier', '--check', '.', '--log-level', 'warn'],
    ...['--cache', '--cache-strategy', 'content', '--cache-location', path.join(cache, 'prettier.json')],
  ],
];
const results = await Promise.all(
  checks.map(([command = '', ...args]) =>
    execa(command, args, { cwd: root, preferLocal: true, all: true, reject: false, stdin: 'ignore' }),
  ),
);
for (const { all } of results) if (all) console.log(all);
process.exitCode = results.some(({ failed }) => failed) ? 1 : 0;
