import { execFileSync } from 'node:child_process';
import { client, docker } from './client.js';

/** Builds an image on top of localrun/busybox, for this process alone, and returns its name. */
export function buildImage(name: string, ...instructions: string[]): string {
  const reference = `localrun/test-${name}:${process.pid}`;
  const input = ['FROM localrun/busybox:latest', ...instructions].join('\n');
  execFileSync(client, ['build', '--quiet', '--tag', reference, '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] });
  return reference;
}

export const removeImage = (reference: string): void => void docker('rmi', reference);
