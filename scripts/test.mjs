// @ts-check
// Everything that `npm test` does: sets up what the tests need, then checks and runs them all. Arguments go to vitest,
// and leave the checks out: `npm test -- test/unit`.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensurePackages, giveUp, root, say } from './packages.mjs';

const args = process.argv.slice(2);
const results = path.join(root, '.vitest', 'results.json');
rmSync(results, { force: true });
ensurePackages();
const { execaSync } = await import('execa');
const { build, ensureEngine, ensureSubjects, must } = await import('./setup.mjs');
const { obstacle } = await import('./kubernetes-lab/requirements.mjs');
const { makeSampleImage, makeTestImage } = await import('./images.mjs');
build();
await ensureEngine();
makeSampleImage();
makeTestImage();
const left = new Set(ensureSubjects());
const all = ['unit', 'engine', 'cli', 'server', 'page', 'docker', 'podman', 'busy', 'kubernetes'];
const named = args.filter((arg) => arg.startsWith('--project'));
const noCluster = named.length === 0 || named.includes('--project=kubernetes') ? obstacle() : undefined;
if (noCluster) {
  const words = `left out: no Kubernetes (${noCluster})`;
  if (named.includes('--project=kubernetes')) giveUp(words);
  say(words);
  left.add('kubernetes');
}
if (left.has('chromium')) left.add('page');
const chosen = named.length > 0 ? [] : all.filter((project) => !left.has(project));
const projects = chosen.map((project) => `--project=${project}`);
if (args.length === 0) must('npm', ['run', '--silent', 'check']);
mkdirSync(path.dirname(results), { recursive: true });
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
const { exitCode = 1 } = execaSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...projects, ...args],
  { cwd: root, stdio: 'inherit', reject: false },
);
process.exitCode = exitCode;
if (args.length === 0) tellSlowest();

/** Says which test files took longest: where the next minute of the suite is to be saved. */
function tellSlowest() {
  /** @type {{ testResults: { name: string, startTime: number, endTime: number }[] }} */
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
  const files = testResults.map(({ name, startTime, endTime }) => ({
    seconds: (endTime - startTime) / 1000,
    file: path.relative(root, name),
  }));
  say('The slowest files:');
  for (const { seconds, file } of files.sort((a, b) => b.seconds - a.seconds).slice(0, 10)) {
    say(`${seconds.toFixed(0).padStart(5)} s  ${file}`);
  }
}
