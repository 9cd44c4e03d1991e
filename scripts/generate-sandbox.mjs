// @ts-check
// Compiles the program of the sandboxes into src/runtime/docker/sandbox/programs.ts. Needs gcc and, for the other
// architecture, aarch64-linux-gnu-gcc; only who changes sandbox.c needs to run it.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { root } from './packages.mjs';
import { must } from './setup.mjs';

const folder = path.join(root, 'src', 'runtime', 'docker', 'sandbox');
const source = path.join(folder, 'sandbox.c');
const flags =
  '-Os -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic -no-pie -Wall -Wextra -Werror -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -s';

const work = mkdtempSync(path.join(os.tmpdir(), 'localrun-sandbox-'));
try {
  const programs = Object.entries({ x86_64: '', aarch64: 'aarch64-linux-gnu-' }).map(([architecture, prefix]) => {
    const file = path.join(work, architecture);
    must(`${prefix}gcc`, [...flags.split(' '), source, '-o', file]);
    execaSync(`${prefix}objcopy`, ['--remove-section=.comment', '--remove-section=.note.gnu.property', file]);
    return `  ${architecture}:\n    '${readFileSync(file).toString('base64')}',\n`;
  });
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex');
  writeFileSync(
    path.join(folder, 'programs.ts'),
    `// Made from sandbox.c by \`npm run generate:sandbox\`.

/** The SHA-256 of the source that the programs were made from. */
export const sourceHash = '${hash}';

/** The sandbox program, by the architecture that the engine names, in base64. */
export const programs: Readonly<Record<string, string>> = {
${programs.join('')}};
`,
  );
} finally {
  rmSync(work, { recursive: true });
}
