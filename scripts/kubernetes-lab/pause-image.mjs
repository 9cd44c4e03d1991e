// @ts-check
// The image of the container that holds a pod's network, for the nodes of the lab: the program that localrun's sandboxes
// run, in a file that `docker load` reads.
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { root } from '../packages.mjs';

export const pauseImage = 'localrun/pause:lab';

/** Writes the image to a file. */
export function writePauseImage(/** @type {string} */ file) {
  const [machine, architecture] = process.arch === 'arm64' ? ['aarch64', 'arm64'] : ['x86_64', 'amd64'];
  const programs = readFileSync(path.join(root, 'src', 'runtime', 'docker', 'sandbox', 'programs.ts'), 'utf8');
  const program = new RegExp(String.raw`${machine}:\s+'([^']+)'`).exec(programs)?.[1] ?? '';
  const work = mkdtempSync(path.join(os.tmpdir(), 'localrun-pause-'));
  const tar = (/** @type {string} */ to, /** @type {string} */ from) => execaSync('tar', ['-cf', to, '-C', from, '.']);
  try {
    const [image, tree] = [path.join(work, 'image'), path.join(work, 'tree')];
    for (const directory of [image, tree]) mkdirSync(directory);
    writeFileSync(path.join(tree, 'pause'), Buffer.from(program, 'base64'));
    chmodSync(path.join(tree, 'pause'), 0o755);
    const layer = path.join(image, 'layer.tar');
    tar(layer, tree);
    const config = {
      ...{ architecture, os: 'linux' },
      // The program is a first process that handles no signal.
      config: { Entrypoint: ['/pause'], StopSignal: 'SIGKILL' },
      rootfs: {
        type: 'layers',
        diff_ids: [`sha256:${createHash('sha256').update(readFileSync(layer)).digest('hex')}`],
      },
    };
    writeFileSync(path.join(image, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: [pauseImage], Layers: ['layer.tar'] }];
    writeFileSync(path.join(image, 'manifest.json'), JSON.stringify(manifest));
    tar(file, image);
  } finally {
    rmSync(work, { recursive: true });
  }
}
