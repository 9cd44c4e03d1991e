// @ts-check
// From a fresh clone to a job that runs: `npm run quickstart`.
import path from 'node:path';
import { ensurePackages, root, say } from './packages.mjs';

ensurePackages();
const { execaSync } = await import('execa');
const { build, ensureEngine } = await import('./setup.mjs');
const { makeSampleImage } = await import('./images.mjs');
build();
await ensureEngine();
makeSampleImage();
const command = ['jobs', 'run', '-f', 'examples/quickstart.yaml'];
say(`\n$ localrun ${command.join(' ')}`);
const { exitCode = 1 } = execaSync(process.execPath, [path.join(root, 'bin', 'localrun.js'), ...command], {
  cwd: root,
  stdio: 'inherit',
  reject: false,
});
if (exitCode === 0) {
  say(`
Next:
  alias localrun='node ${path.join(root, 'bin', 'localrun.js')}'
  localrun jobs executions list
  localrun jobs run your-job.yaml
A job of your own in five minutes: docs/tutorial.md`);
}
process.exitCode = exitCode;
