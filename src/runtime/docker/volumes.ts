import { StartRefused } from '../port.js';
import { diskVolumeArguments, memoryVolumeArguments, podmanVolumeArguments, type Traits } from './arguments.js';
import { Batches } from './batches.js';
import { type DockerClient, isAbout } from './client.js';
import type { EngineApi } from './engine-api.js';
import type { Containers } from './containers.js';
import { refusal } from './launcher.js';
import type { SandboxImage } from './sandbox/image.js';

/** How often, and after how many ms each, to retry removing a volume that is in use. */
const patience = 100;
const interval = 100;

/** Creates and removes volumes. Those on disk are created from the image of the traits. */
export function dockerVolumes(
  client: DockerClient,
  containers: Containers,
  traits: () => Promise<SandboxImage & Traits>,
): Pick<EngineApi, 'createVolume' | 'removeVolume' | 'listVolumes'> {
  /** Whether each volume is gone; if not, a container uses it. */
  const removals = new Batches(async (names) => {
    // Not by force: podman would remove the containers that use the volume, and deadlock with a client that removes one.
    const { stdout, stderr, exitCode } = await client.run(['volume', 'rm', ...names]);
    const removed = new Set(stdout.split('\n'));
    const lines = stderr.split('\n');
    const says = (what: RegExp, name: string): boolean => lines.some((line) => what.test(line) && isAbout(line, name));
    const answers = new Map<string, boolean>();
    for (const name of names) {
      if (removed.has(name) || (names.length === 1 && exitCode === 0) || says(/no such volume/i, name)) {
        answers.set(name, true);
      } else if (says(/\b(?:in use|being used)\b/, name)) answers.set(name, false);
    }
    return { answers, failure: client.failure('volume rm', stderr) };
  });

  return {
    async createVolume(spec) {
      const { reference, podman } = await traits();
      const make = async (args: readonly string[], good = 0): Promise<string> => {
        const { stdout, stderr, exitCode } = await client.run(args);
        if (exitCode !== good) throw new StartRefused(refusal(stderr));
        return stdout.trim();
      };
      if (spec.memoryBytes !== undefined) await make(memoryVolumeArguments(spec, spec.memoryBytes, podman));
      else if (podman) {
        const [create, fill] = podmanVolumeArguments(spec, reference);
        await make(create);
        await make(fill, 1);
      } else {
        const args = diskVolumeArguments(spec, reference);
        const id = await make(args);
        if (!/^[\da-f]+$/.test(id)) throw client.puzzle(args, id);
        await containers.remove(id);
      }
    },

    async removeVolume(name) {
      // A container that is being removed, possibly by another process, still uses the volume.
      for (let tries = patience; !(await removals.load(name)); tries--) {
        if (tries === 0) throw client.failure('volume rm', `${name} is in use`);
        await new Promise((resolve) => setTimeout(resolve, interval));
      }
    },

    listVolumes: (labels) => client.list(['volume', 'ls', '--format', '{{.Name}}'], labels),
  };
}
