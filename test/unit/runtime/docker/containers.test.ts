import { existsSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { DockerClient } from '../../../../src/runtime/docker/client.js';
import { Containers, monitorDirectory } from '../../../../src/runtime/docker/containers.js';

test('what podman has left of a container goes before it, so that a process that is killed in between leaves none', async () => {
  const name = `localrun-test-${process.pid}`;
  const there: boolean[] = [];
  const client: Pick<DockerClient, 'run'> = {
    run: async () => {
      there.push(existsSync(monitorDirectory(name)));
      return { exitCode: 0, stdout: `${name}\n`, stderr: '' };
    },
  };
  mkdirSync(monitorDirectory(name));
  await new Containers(client as DockerClient).remove(name);
  expect(there).toEqual([false]);
});
