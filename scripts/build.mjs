// @ts-check
// src -> dist. Bundled, because a command then starts in 1.3 to 1.9 times the CPU time of a bare `node`, and not in 1.7
// to 2.3; as CommonJS, because that starts sooner than ES modules (bench/startup.mjs). A dynamic import stays one: what
// only some commands need is in files of its own.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'rolldown';
import { root } from './packages.mjs';

/** @type {[file: string, [wanted: string, instead: string]][]} */
const replaced = [
  // Its binary is found from where the package is, and not from the bundle.
  [
    'node_modules/libsql/index.js',
    [
      'return require(`@libsql/${target}`);',
      "return require('node:module').createRequire(require.resolve('libsql'))(`@libsql/${target}`);",
    ],
  ],
  // Only for subcommands in files of their own.
  [
    'node_modules/commander/lib/command.js',
    ["const childProcess = require('node:child_process');", 'const childProcess = undefined;'],
  ],
];

/** Those that are still to be found. */
const unreplaced = new Set(replaced.map(([file]) => file));

/** Replaces what a package does at its start and costs as much as all of a short command. */
const quickStart = {
  name: 'quick-start',
  /** @param {string} source */
  resolveId: (source) =>
    source === '@neon-rs/load' || source === 'detect-libc' ? path.join(root, 'scripts', 'native-target.mjs') : null,
  /** @param {string} code @param {string} id */
  transform(code, id) {
    const found = replaced.find(([file]) => id.replaceAll('\\', '/').endsWith(file));
    if (!found) return null;
    const [file, [wanted, instead]] = found;
    assert(code.includes(wanted), `${id} no longer has ${wanted}`);
    unreplaced.delete(file);
    return { code: code.replace(wanted, instead), map: null };
  },
};

await build({
  input: path.join(root, 'src', 'main.ts'),
  platform: 'node',
  // grpc-js loads its proto-loader only for services that nobody uses here.
  external: [/^@libsql\//, '@grpc/proto-loader'],
  plugins: [quickStart],
  output: {
    dir: path.join(root, 'dist'),
    cleanDir: true,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    sourcemap: true,
  },
});

assert(unreplaced.size === 0, `not part of the bundle: ${[...unreplaced].join(', ')}`);

// The page of `localrun serve`, for browsers: one script, and what it needs beside it.
const page = path.join(root, 'src', 'page');
const built = path.join(root, 'dist', 'page');
await build({
  input: path.join(page, 'main.tsx'),
  platform: 'browser',
  tsconfig: path.join(page, 'tsconfig.json'),
  output: { file: path.join(built, 'page.js'), format: 'esm', minify: true },
});
for (const name of ['page.css', 'icon.svg']) copyFileSync(path.join(page, name), path.join(built, name));
