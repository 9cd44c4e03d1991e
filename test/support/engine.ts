import { execFileSync } from 'node:child_process';

/** The docker tests need an engine and the images, and say so loudly where there is none. */
export default function setup(): void {
  for (const image of ['localrun/sample:latest', 'localrun/busybox:latest']) {
    try {
      execFileSync('docker', ['image', 'inspect', image], { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      throw new Error(`The docker tests need a container engine with the image ${image}: run \`npm test\`.`, {
        cause: error,
      });
    }
  }
}
