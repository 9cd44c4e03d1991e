// Everything that `npm test` does: sets up what the tests need, then checks and runs them all. Arguments go to vitest,
// and leave the checks out: `npm test -- test/unit`.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { makeSampleImage, makeTestImage } from './images.mjs';
import { build, ensureEngine, ensurePackages, ensureSubjects, must, root } from './setup.mjs';

const args = process.argv.slice(2);
ensurePackages();
build();
await ensureEngine();
makeSampleImage();
makeTestImage();
const projects = ensureSubjects().includes('podman') ? ['--project=!podman'] : [];
if (args.length === 0) must('npm', ['run', '--silent', 'check']);
mkdirSync(`${root}/.vitest`, { recursive: true });
const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=.vitest/results.json'];
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...projects, ...args],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
