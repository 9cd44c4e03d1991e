import { type ContainerRuntime, StartRefused } from '../runtime.js';
import { diskVolumeArguments, memoryVolumeArguments } from './arguments.js';
import { Batches } from './batches.js';
import { type DockerClient, failure } from './client.js';
import type { Containers } from './containers.js';
import { refusal } from './launcher.js';

/** How often, and after how many ms each time, it is tried to remove a volume that is in use. */
const patience = 100;
const interval = 100;

/** What a runtime does with volumes. `image` is what those on disk are made like. */
export function dockerVolumes(
  client: DockerClient,
  containers: Containers,
  image: () => Promise<{ reference: string }>,
): Pick<ContainerRuntime, 'createVolume' | 'removeVolume' | 'listVolumes'> {
  /** Whether each volume is gone; if not, a container uses it. */
  const removals = new Batches(async (names) => {
    const { stderr, exitCode } = await client.run(['volume', 'rm', '--force', ...names]);
    const lines = stderr.split('\n').filter(Boolean);
    const used = lines.filter((line) => /\b(?:in use|being used)\b/.test(line));
    if (exitCode !== 0 && used.length < lines.length) throw failure('volume rm', stderr);
    return names.map((name) => !used.some((line) => line.includes(name)));
  });

  return {
    async createVolume(spec) {
      const { memoryBytes } = spec;
      const make =
        memoryBytes === undefined
          ? diskVolumeArguments(spec, (await image()).reference)
          : memoryVolumeArguments(spec, memoryBytes);
      const { stdout, stderr, exitCode } = await client.run(make);
      if (exitCode !== 0) throw new StartRefused(refusal(stderr));
      if (memoryBytes === undefined) await containers.remove(stdout.trim());
    },

    async removeVolume(name) {
      // A container that is being removed, which some other process may do, still uses it.
      for (let tries = patience; !(await removals.load(name)); tries--) {
        if (tries === 0) throw failure('volume rm', `${name} is in use`);
        await new Promise((resolve) => setTimeout(resolve, interval));
      }
    },

    listVolumes: (labels) => client.list(['volume', 'ls', '--format', '{{.Name}}'], labels),
  };
}
