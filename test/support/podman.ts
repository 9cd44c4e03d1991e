import { execFileSync } from 'node:child_process';
import path from 'node:path';

const configuration = path.join(import.meta.dirname, '..', 'podman');

/** What the clients of the podman that the tests have for themselves need in their environment. */
export const podmanEnvironment = {
  LOCALRUN_DOCKER: 'podman',
  CONTAINERS_CONF: path.join(configuration, 'containers.conf'),
  CONTAINERS_STORAGE_CONF: path.join(configuration, 'storage.conf'),
};
const env = { ...process.env, ...podmanEnvironment };

/** Gives podman the images that docker has for the tests. */
export default function setup(): void {
  for (const image of ['localrun/sample:latest', 'localrun/busybox:latest']) {
    if (inputs('podman', image) === inputs('docker', image)) continue;
    try {
      execFileSync('sh', ['-c', 'docker save "$0" | podman load --quiet', image], { env, stdio: 'pipe' });
    } catch (error) {
      throw new Error(`The tests on podman need podman, and docker with the image ${image}: run \`npm test\`.`, {
        cause: error,
      });
    }
  }
}

/** What the image was made of; undefined if it is not there. */
function inputs(client: string, image: string): string | undefined {
  const label = '{{index .Config.Labels "dev.localrun.inputs"}}';
  try {
    return execFileSync(client, ['image', 'inspect', '--format', label, image], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    return undefined;
  }
}
