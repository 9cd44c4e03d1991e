import { Lab } from '../../scripts/kubernetes-lab/lab.mjs';

/** The lab of the tests: up, and with their image. The first file that needs it starts it. */
export const lab = new Lab();

if (!lab.isUp) await lab.up(2);
await lab.loadImage('localrun/busybox:latest');
