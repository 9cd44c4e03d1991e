import { execaSync } from 'execa';
import { client, docker } from './client.js';

/** Builds an image on top of localrun/busybox, for this process alone, and returns its name. */
export function buildImage(name: string, ...instructions: string[]): string {
  const reference = `localrun/test-${name}:${process.pid}`;
  const input = ['FROM localrun/busybox:latest', ...instructions].join('\n');
  execaSync(client, ['build', '--quiet', '--tag', reference, '-'], { input });
  return reference;
}

export const removeImage = (reference: string): void => void docker('rmi', reference);
