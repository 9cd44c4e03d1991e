// @ts-check
// From a fresh clone to a job that runs: `npm run quickstart`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { makeSampleImage } from './images.mjs';
import { build, ensureEngine, ensurePackages, root, say } from './setup.mjs';

ensurePackages();
build();
await ensureEngine();
makeSampleImage();
const command = ['jobs', 'run', '-f', 'examples/quickstart.yaml'];
say(`\n$ localrun ${command.join(' ')}`);
const { status, signal } = spawnSync(process.execPath, [path.join(root, 'bin', 'localrun.js'), ...command], {
  cwd: root,
  stdio: 'inherit',
});
if (status === 0) {
  say(`
Next:
  alias localrun='node ${path.join(root, 'bin', 'localrun.js')}'
  localrun jobs executions list
  localrun jobs run -f your-job.yaml`);
}
process.exitCode = status ?? (signal ? 1 : 0);
