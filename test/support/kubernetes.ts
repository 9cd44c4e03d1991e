import { spawn } from 'node:child_process';
import path from 'node:path';
import { Lab } from '../../scripts/kubernetes-lab/lab.mjs';
import { obstacle } from '../../scripts/kubernetes-lab/requirements.mjs';
import { repository } from './cli.js';

const image = 'localrun/busybox:latest';
const own = process.env['LOCALRUN_KUBERNETES_LAB'];

/** What the tests on Kubernetes need in their environment: the lab that the caller names, or one for this run alone. */
export const kubernetesEnvironment = { LOCALRUN_KUBERNETES_LAB: own ?? `/tmp/localrun-lab-${process.pid}` };

/** Checks that a lab can come up. What it returns ends the lab, which also ends when this process is killed. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const lab = new Lab(kubernetesEnvironment.LOCALRUN_KUBERNETES_LAB);
  if (lab.isUp) {
    await lab.loadImage(image);
    return undefined;
  }
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

/** The lab of the tests, up and with their image. The first worker that asks starts it. */
export async function labOfTests(): Promise<Lab> {
  const lab = new Lab(kubernetesEnvironment.LOCALRUN_KUBERNETES_LAB);
  if (!lab.isUp) {
    await lab.up(2);
    await lab.loadImage(image);
  }
  return lab;
}
