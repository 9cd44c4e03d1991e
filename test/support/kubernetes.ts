import { spawn } from 'node:child_process';
import path from 'node:path';
import { Lab } from '../../scripts/kubernetes-lab/lab.mjs';
import { obstacle } from '../../scripts/kubernetes-lab/requirements.mjs';
import { repository } from './cli.js';

/** The lab that the caller names, or one for this run alone. */
const lab = new Lab(process.env['LOCALRUN_KUBERNETES_LAB'] ?? `/tmp/localrun-lab-${process.pid}`);

/** What the tests on Kubernetes need in their environment: a user with few rights. */
export const kubernetesEnvironment = { LOCALRUN_KUBERNETES_LAB: lab.directory, KUBECONFIG: lab.userConfig };

/** Checks that a lab can come up. What it returns ends the lab, which also ends when this process is killed. */
export default function setup(): (() => Promise<void>) | undefined {
  if (lab.isUp) return undefined;
  const reason = obstacle();
  if (reason) throw new Error(`The tests on Kubernetes need a lab: ${reason}.`);
  const script = path.join(repository, 'scripts', 'kubernetes-lab.mjs');
  const guard = spawn('sh', ['-c', 'cat; exec "$@"', 'sh', process.execPath, script, 'down'], {
    ...{ detached: true, stdio: ['pipe', 'ignore', 'inherit'] as const },
    env: { ...process.env, ...kubernetesEnvironment },
  });
  return () =>
    new Promise((resolve) => {
      guard.on('close', () => resolve());
      guard.stdin.end();
    });
}
