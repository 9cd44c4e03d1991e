// @ts-check
// src -> dist. Bundled, because a command then starts in 1.3 to 1.9 times the CPU time of a bare `node`, and not in 1.7
// to 2.3; as CommonJS, because that starts sooner than ES modules (bench/startup.mjs). A dynamic import stays one: what
// only some commands need is in files of its own.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'rolldown';
import { root } from './packages.mjs';

await build({
  input: path.join(root, 'src', 'main.ts'),
  platform: 'node',
  // libsql looks for its binary beside itself. grpc-js loads its proto-loader only for services that nobody uses here.
  external: ['libsql', '@grpc/proto-loader'],
  output: {
    dir: path.join(root, 'dist'),
    cleanDir: true,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    sourcemap: true,
  },
});

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
