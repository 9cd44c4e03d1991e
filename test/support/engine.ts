import { docker } from './client.js';

/** The docker tests need an engine and the images, and say so loudly where there is none. */
export default function setup(): void {
  for (const image of ['localrun/sample:latest', 'localrun/busybox:latest']) {
    try {
      docker('image', 'inspect', image);
    } catch (error) {
      throw new Error(`The docker tests need a container engine with the image ${image}: run \`npm test\`.`, {
        cause: error,
      });
    }
  }
}
