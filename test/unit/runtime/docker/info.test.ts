import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DockerClient } from '../../../../src/runtime/docker/client.js';
import { dockerImages } from '../../../../src/runtime/docker/images.js';
import { readInfo } from '../../../../src/runtime/docker/info.js';
import { sandboxImage } from '../../../../src/runtime/docker/sandbox/image.js';
import { tempDirectory } from '../../../support/temp.js';

/** A client that prints this, whatever it is asked. */
function client(text: string, env: Record<string, string> = {}): DockerClient {
  const program = path.join(tempDirectory(), 'client');
  writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`, { mode: 0o755 });
  const { DOCKER_HOST: _, CONTAINER_HOST: __, ...surroundings } = process.env;
  return new DockerClient(program, { ...surroundings, ...env });
}

const read = (info: object, env?: Record<string, string>): ReturnType<typeof readInfo> =>
  readInfo(client(JSON.stringify(info), env), new AbortController().signal);

const docker = {
  ...{ ID: 'ABCD:1', Name: 'laptop', DockerRootDir: '/var/lib/docker', ProductLicense: 'Community Engine' },
  ...{ Architecture: 'x86_64', NCPU: 2, MemTotal: 9, Runtimes: { nvidia: {} }, ServerErrors: [] },
  ClientInfo: { Context: 'colima' },
};
const podman = { host: { arch: 'amd64', cpus: 2, memTotal: 9, hostname: 'vm' }, store: { graphRoot: '/storage' } };

test('docker and podman say what they have in ways of their own', async () => {
  const common = { cpus: 2, memoryBytes: 9 };
  expect(await read(docker)).toMatchObject({ ...common, gpus: true, architecture: 'x86_64', podman: false });
  expect(await read(podman)).toMatchObject({ ...common, gpus: false, architecture: 'amd64', podman: true });
});

test.each([
  ['docker', docker, {}, { id: 'ABCD:1 /var/lib/docker', client: 'docker', context: 'colima' }],
  [
    'docker at an address',
    docker,
    { DOCKER_HOST: 'ssh://ci' },
    { id: 'ABCD:1 /var/lib/docker', client: 'docker', host: 'ssh://ci' },
  ],
  ['podman', podman, {}, { id: 'vm /storage', client: 'podman' }],
  [
    'podman at an address',
    podman,
    { CONTAINER_HOST: 'ssh://ci' },
    { id: 'vm /storage', client: 'podman', host: 'ssh://ci' },
  ],
  // Its answers to docker's client have another id each.
  [
    'podman behind the client of docker',
    { ...docker, ID: '6f1c', Name: 'vm', DockerRootDir: '/storage', ProductLicense: 'Apache-2.0' },
    { DOCKER_HOST: 'unix:///run/podman/podman.sock' },
    { id: 'vm /storage', client: 'docker', host: 'unix:///run/podman/podman.sock' },
  ],
])('which engine it is: %s', async (_, info, env, engine) => {
  expect((await read(info, env)).engine).toEqual(engine);
});

test('an engine that does not answer a client of 20.10 is unavailable', async () => {
  const error = 'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?';
  await expect(read({ NCPU: 0, ServerErrors: [error] })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `No container engine answers: ${error}`,
  });
});

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"NCPU":0,"MemTotal":0}',
  '{"NCPU":2,"Mem',
  '<html>\n<body>',
  '{"host":null}',
  '{"host":{}}',
])('what is no answer is reported as such, with the call and its first line: %j', async (text) => {
  const what = text ? `what is no answer to it: ${text.split('\n')[0]}` : 'nothing';
  const failure = (call: string): object => ({
    name: 'StatusError',
    code: 'INTERNAL',
    message: expect.stringMatching(new RegExp(`/client ${call} has printed `)) as string,
    fix: expect.stringContaining('the client of a container engine') as string,
  });
  const lying = client(text);
  await expect(readInfo(lying, new AbortController().signal)).rejects.toMatchObject(failure('info'));
  await expect(readInfo(lying, new AbortController().signal)).rejects.toThrow(what);
  await expect(dockerImages(lying).localImage('x')).rejects.toMatchObject(failure('image inspect'));
  await expect(sandboxImage(lying, async () => 'x86_64')).rejects.toMatchObject(failure('image inspect'));
});
