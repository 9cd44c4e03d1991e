import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DockerClient } from '../../../../src/runtime/docker/client.js';
import { readInfo } from '../../../../src/runtime/docker/info.js';
import { tempDirectory } from '../../../support/temp.js';

/** What is read from a client that prints this. */
function read(info: object): ReturnType<typeof readInfo> {
  const program = path.join(tempDirectory(), 'client');
  writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(info)}\nEND\n`, { mode: 0o755 });
  return readInfo(new DockerClient(program, process.env));
}

test('docker and podman say what they have in ways of their own', async () => {
  const docker = { Architecture: 'x86_64', NCPU: 2, MemTotal: 9, Runtimes: { nvidia: {} }, ServerErrors: [] };
  const podman = { host: { arch: 'amd64', cpus: 2, memTotal: 9 } };
  const common = { cpus: 2, memoryBytes: 9 };
  expect(await read(docker)).toEqual({ ...common, gpus: true, architecture: 'x86_64', podman: false });
  expect(await read(podman)).toEqual({ ...common, gpus: false, architecture: 'amd64', podman: true });
});

test('an engine that does not answer a client of 20.10 is unavailable', async () => {
  const error = 'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?';
  await expect(read({ NCPU: 0, ServerErrors: [error] })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `No container engine answers: ${error}`,
  });
});
