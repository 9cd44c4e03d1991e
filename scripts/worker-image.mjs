// @ts-check
// Makes the image of a cluster worker, localrun/worker, in the docker of this machine. Push it under the name of a
// registry that the cluster reaches.
import { ensurePackages, say } from './packages.mjs';

ensurePackages();
const { build } = await import('./setup.mjs');
const { makeWorkerImage } = await import('./images.mjs');
build();
say(`The image is ${makeWorkerImage()}.`);
