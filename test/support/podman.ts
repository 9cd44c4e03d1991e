import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { execaSync } from 'execa';

const configuration = path.join(import.meta.dirname, '..', 'podman');

/** What the clients of the podman that the tests have for themselves need in their environment. */
export const podmanEnvironment = {
  LOCALRUN_DOCKER: 'podman',
  CONTAINERS_CONF: path.join(configuration, 'containers.conf'),
  CONTAINERS_STORAGE_CONF: path.join(configuration, 'storage.conf'),
  CONTAINERS_REGISTRIES_CONF: path.join(configuration, 'registries.conf'),
};
const env = podmanEnvironment;

/** Gives podman the images that docker has for the tests; what it returns runs after them. */
export default function setup(): () => void {
  for (const image of ['localrun/sample:latest', 'localrun/busybox:latest']) {
    if (inputs('podman', image) === inputs('docker', image)) continue;
    try {
      execaSync('sh', ['-c', 'docker save "$0" | podman load --quiet', image], { env });
    } catch (error) {
      throw new Error(`The tests on podman need podman, and docker with the image ${image}: run \`npm test\`.`, {
        cause: error,
      });
    }
  }
  return endMonitors;
}

/** Ends what podman leaves of containers whose client was killed before they had started: see docs/fidelity.md. */
function endMonitors(): void {
  const all = execaSync('podman', ['ps', '--all', '--quiet', '--no-trunc'], { env, lines: true }).stdout;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (!args[0]?.endsWith('/conmon') || !args.includes('/var/tmp/localrun-podman/storage')) continue;
      if (all.includes(args[args.indexOf('-c') + 1] ?? '')) continue;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
      for (const child of children) process.kill(Number(child), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** What the image was made of; undefined if it is not there. */
function inputs(client: string, image: string): string | undefined {
  const label = '{{index .Config.Labels "dev.localrun.inputs"}}';
  return execaSync(client, ['image', 'inspect', '--format', label, image], { env, reject: false }).stdout || undefined;
}
