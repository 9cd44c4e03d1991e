import type { Duplex } from 'node:stream';
import { StatusError } from '../../model/errors.js';
import type { Shell } from '../port.js';
import { sleep } from '../sleep.js';
import { copyArguments, holder, toolboxArguments } from './arguments.js';
import type { ClientInput, DockerClient } from './client.js';
import { Containers } from './containers.js';
import { type EngineApi, ImageFailure, type ShellSpec } from './engine-api.js';
import { dockerImages, noSuchImage } from './images.js';
import { homeless, refusal } from './launcher.js';
import { holderArchive } from './sandbox/image.js';

/** Where images have their shell. */
const shells = ['sh', '/bin/sh', '/busybox/sh'];

/** How engines say that a container has no such program, besides the exit codes 126 and 127. */
const noProgram = /executable file not found|no such file or directory|permission denied/i;

/** Keys to leave a shell that hardly a keyboard sends: with the default ones, Ctrl-P would wait for the next key. */
const detachKeys = ['--detach-keys', 'ctrl-^,ctrl-@'];

/** How often, and for how long, to ask whether a container has ended, in ms. */
const interval = 200;
const lateness = 2000;

/** Opens shells in containers. */
export function dockerShells(
  client: DockerClient,
  architecture: () => Promise<string>,
): Pick<EngineApi, 'openShell' | 'listImages' | 'removeImage'> {
  const containers = new Containers(client);
  const images = dockerImages(client);

  const must = async (args: readonly string[], given: ClientInput = {}): Promise<string> => {
    const { stdout, stderr, exitCode } = await client.run(args, { work: Infinity, ...given });
    if (exitCode !== 0) throw new StatusError('INTERNAL', `${args[0]} failed: ${refusal(stderr)}`);
    return stdout.trim();
  };

  const removeImage = async (id: string): Promise<void> => {
    const { stderr, exitCode } = await client.run(['image', 'rm', '--force', id]);
    if (exitCode !== 0 && !noSuchImage.test(stderr)) throw client.failure('image rm', stderr);
  };

  /** Starts a container that ends when the returned stream does, and so with this process. */
  const hold = async (name: string): Promise<Duplex> => {
    const held = await client.stream(['start', '--attach', '--interactive', name]);
    if (typeof held === 'string') throw new StatusError('FAILED_PRECONDITION', `It cannot be opened: ${refusal(held)}`);
    return held;
  };

  /** The shell of a running container; undefined if it has none. */
  const shellIn = async (name: string): Promise<string[] | undefined> => {
    for (const shell of shells) {
      const args = ['exec', name, shell, '-c', 'command -v bash || echo "$0"'];
      const { stdout, stderr, exitCode } = await client.run(args);
      if (exitCode === 0) return [stdout.trim() || shell];
      const said = stdout + stderr;
      if (homeless.test(said)) throw new StatusError('FAILED_PRECONDITION', 'The container has ended just now.');
      if (exitCode !== 126 && exitCode !== 127 && !noProgram.test(said)) throw client.failure('exec', stderr);
    }
    return undefined;
  };

  /** The engine may hear of the end of a container a little later than of the end of the shell in it. */
  const hasEnded = async (name: string): Promise<boolean> => {
    for (let waited = 0; (await containers.inspect(name))?.status === 'running'; waited += interval) {
      if (waited >= lateness) return false;
      await sleep(interval);
    }
    return true;
  };

  const toolboxImage = async ({ toolbox: { image }, signal, onPull }: ShellSpec): Promise<string> => {
    const found = await images.localImage(image);
    if (found) return found.id;
    onPull(image);
    try {
      return (await images.pullImage(image, undefined, signal)).id;
    } catch (error) {
      if (!(error instanceof ImageFailure)) throw error;
      throw new StatusError('NOT_FOUND', `Cannot get the image ${image} of the toolbox: ${error.message}`, {
        fix: 'name an image with a shell that this machine has or can pull: --toolbox IMAGE, LOCALRUN_TOOLBOX, or toolbox in localrun.yaml',
      });
    }
  };

  return {
    async openShell(spec) {
      const state = await containers.inspect(spec.container);
      if (!state) return 'missing';
      if (state.status === 'created') return 'unstarted';
      const copy = state.status === 'exited';
      /** Undo what was made, last first. */
      const undo: (() => Promise<void>)[] = [];
      const close = async (): Promise<void> => {
        for (const step of undo.splice(0).toReversed()) await step();
      };
      const make = async (name: string, args: readonly string[], given: ClientInput = {}): Promise<void> => {
        await must(args, given);
        undo.push(() => containers.remove(name));
      };
      const held = async (name: string): Promise<void> => {
        const stream = await hold(name);
        stream.on('error', () => {}).resume();
        undo.push(async () => void stream.destroy());
      };
      const openCopy = async (): Promise<string> => {
        const changes = Object.entries(spec.labels).flatMap(([name, value]) => [
          '--change',
          `LABEL ${name}="${value}"`,
        ]);
        const image = await must(['commit', ...changes, spec.container]);
        undo.push(() => removeImage(image));
        await make(spec.name, copyArguments(spec, image));
        await must(['cp', '-', `${spec.name}:/`], { input: holderArchive(holder, await architecture()) });
        await held(spec.name);
        return spec.name;
      };
      const openToolbox = async (beside: string): Promise<string> => {
        const image = await toolboxImage(spec);
        const variables = await must(['container', 'inspect', '--format', '{{json .Config.Env}}', beside]);
        const name = `${spec.name}-toolbox`;
        const { args, ...given } = toolboxArguments(
          { ...spec, name },
          image,
          beside,
          JSON.parse(variables) as string[],
        );
        await make(name, args, given);
        // Beside a copy it ends with that.
        if (copy) await must(['start', name]);
        else await held(name);
        return name;
      };
      try {
        const beside = copy ? await openCopy() : spec.container;
        const found = spec.toolbox.always ? undefined : (spec.command ?? (await shellIn(beside)));
        const name = found ? beside : await openToolbox(beside);
        const terminal = spec.tty ? ['--tty', ...detachKeys] : [];
        const shell: Shell = {
          program: client.program(['exec', '--interactive', ...terminal, name, ...(found ?? spec.command ?? ['sh'])]),
          copy,
          toolbox: found ? undefined : spec.toolbox.image,
          hasEnded: () => hasEnded(beside),
          close,
        };
        return shell;
      } catch (error) {
        await close();
        throw error;
      }
    },

    listImages: (labels) => client.list(['image', 'ls', '--format', '{{.ID}}'], labels),
    removeImage,
  };
}
