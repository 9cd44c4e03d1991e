import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pinImages } from '../../../../src/runtime/kubernetes/images.js';
import { parseImageName } from '../../../../src/runtime/kubernetes/registry/registry.js';
import { ImageUnavailable, type Image } from '../../../../src/runtime/port.js';
import {
  type Authentication,
  DockerRegistry,
  identityToken,
  isRegistryThere,
  user,
} from '../../../support/docker-registry.js';
import { tempDirectory } from '../../../support/temp.js';

type Env = Record<string, string | undefined>;

const anonymous: Env = { PATH: process.env['PATH'], DOCKER_CONFIG: '/nonexistent' };

/** An environment whose docker client has this configuration. */
function configured(config: object | string, programs: Record<string, string> = {}): Env {
  const directory = tempDirectory();
  writeFileSync(path.join(directory, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(directory, name), 0o755);
  }
  return { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH']}` };
}

async function pin(
  reference: string,
  { env = anonymous, platform = 'linux/amd64', imagesOnNodes = false, signal = new AbortController().signal } = {},
): Promise<Image> {
  const [image] = await pinImages([reference], { imagesOnNodes }, platform, env, signal);
  return image as Image;
}

const refusalOf = (pinning: Promise<Image>): Promise<ImageUnavailable> =>
  pinning.then(
    () => Promise.reject(new Error('not refused')),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ImageUnavailable);
      return error as ImageUnavailable;
    },
  );

async function silentServer(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

test('the name of an image says where it is', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(parseImageName('alpine')).toEqual({ registry: 'docker.io', repository: 'library/alpine', version: 'latest' });
  expect(parseImageName('team/app:1')).toEqual({ registry: 'docker.io', repository: 'team/app', version: '1' });
  expect(parseImageName(`index.docker.io/x@${digest}`)).toEqual({
    ...{ registry: 'docker.io', repository: 'library/x', version: digest },
  });
  expect(parseImageName('localhost/a/b')).toEqual({ registry: 'localhost', repository: 'a/b', version: 'latest' });
  expect(parseImageName(`r.example:5000/a/b:1@${digest}`)).toEqual({
    ...{ registry: 'r.example:5000', repository: 'a/b', version: digest },
  });
});

test('images that the nodes have stay as they are, and no registry is asked', async () => {
  const image = await pin('127.0.0.1:1/app:1', { imagesOnNodes: true });
  expect(image).toEqual({ reference: '127.0.0.1:1/app:1', id: '127.0.0.1:1/app:1', pulled: false });
});

test('a registry that does not answer leaves the image unpinned', async () => {
  const server = await silentServer();
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const image = await pin(`127.0.0.1:${port}/app:1`);
  expect(image.id).toBe(`127.0.0.1:${port}/app:1`);
  expect(image.unpinned).toMatch(/^127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*\)$/);
});

test('a question to a silent registry ends with the execution', async () => {
  const server = await silentServer();
  const asked = new Promise((resolve) => void server.once('connection', resolve));
  const cancel = new AbortController();
  const { port } = server.address() as AddressInfo;
  const pinning = pin(`127.0.0.1:${port}/app`, { signal: cancel.signal });
  await asked;
  cancel.abort(new Error('cancelled'));
  await expect(pinning).rejects.toThrow('cancelled');
  server.close();
});

describe.skipIf(!isRegistryThere)("Debian's registry", () => {
  const registries = new Map<Authentication, DockerRegistry>();
  const registry = (authentication: Authentication = 'none'): DockerRegistry => {
    const found = registries.get(authentication);
    if (!found) throw new Error('not open');
    return found;
  };
  const digests = { single: '', arm: '', list: '' };

  beforeAll(async () => {
    for (const authentication of ['none', 'basic', 'token'] as const) {
      const opened = await DockerRegistry.open(authentication);
      registries.set(authentication, opened);
      digests.single = await opened.push('team/app', '1', ['linux', 'amd64']);
      digests.arm = await opened.push('team/arm', '1', ['linux', 'arm64']);
      digests.list = await opened.push('team/list', '1', ['linux', 'amd64'], ['linux', 'arm64']);
    }
  });
  afterAll(() => {
    for (const opened of registries.values()) opened.close();
  });

  test('an image gets its digest', async () => {
    const { address } = registry();
    const image = await pin(`${address}/team/app:1`);
    const pinned = `${address}/team/app@${digests.single}`;
    expect(image).toEqual({ reference: pinned, id: pinned, pulled: false });
    expect(await pin(pinned)).toEqual(image);
  });

  test('several get theirs in order, and one that occurs twice is asked for once', async () => {
    const { address } = registry();
    const references = ['team/list:1', 'team/app:1', 'team/list:1'].map((name) => `${address}/${name}`);
    const images = await pinImages(
      references,
      { imagesOnNodes: false },
      'any',
      anonymous,
      new AbortController().signal,
    );
    expect(images.map(({ id }) => id)).toEqual([
      `${address}/team/list@${digests.list}`,
      `${address}/team/app@${digests.single}`,
      `${address}/team/list@${digests.list}`,
    ]);
    expect(images[0]).toBe(images[2]);
  });

  test('one that is not there is unavailable, in the words of the registry', async () => {
    const { address } = registry();
    const tag = await refusalOf(pin(`${address}/team/app:2`));
    expect(tag.message).toBe('manifest unknown');
    expect(tag.condition).toEqual({
      reason: 'CONTAINER_MISSING',
      message: `Image '${address}/team/app:2' not found. Its registry says: manifest unknown. Push it there, or set \`imagesOnNodes: true\` in localrun.yaml if the nodes have it.`,
    });
    const digest = await refusalOf(pin(`${address}/team/app@sha256:${'0'.repeat(64)}`));
    expect(digest.message).toBe('manifest unknown');
  });

  test('one of another platform is unavailable, alone or in a list', async () => {
    const { address } = registry();
    const alone = await refusalOf(pin(`${address}/team/arm:1`));
    expect(alone.condition.message).toBe(
      `Image '${address}/team/arm:1' does not support linux/amd64: it is there for linux/arm64, and linux/amd64 is wanted. Build it with \`docker build --platform linux/amd64\` and push it, or run it as it is with --platform any.`,
    );
    const list = await refusalOf(pin(`${address}/team/list:1`, { platform: 'linux/s390x' }));
    expect(list.message).toBe('it is there for linux/amd64, linux/arm64, and linux/s390x is wanted');
    expect((await pin(`${address}/team/arm:1`, { platform: 'any' })).id).toContain(digests.arm);
    expect((await pin(`${address}/team/arm:1`, { platform: 'linux/arm64/v8' })).id).toContain(digests.arm);
  });

  test('without access it runs by its tag, and says so', async () => {
    for (const authentication of ['basic', 'token'] as const) {
      const { address } = registry(authentication);
      const image = await pin(`${address}/team/app:1`);
      expect(image).toEqual({
        reference: `${address}/team/app:1`,
        id: `${address}/team/app:1`,
        pulled: false,
        unpinned: `${address} denies access (authentication required)`,
      });
    }
  });

  const auth = (text: string): string => Buffer.from(text).toString('base64');
  const password = `${user.name}:${user.password}`;

  test.for<[title: string, config: (address: string) => object, programs: Record<string, string>]>([
    ['of its configuration', (address) => ({ auths: { [address]: { auth: auth(password) } } }), {}],
    ['under an address', (address) => ({ auths: { [`https://${address}/v2/`]: { auth: auth(password) } } }), {}],
    [
      'of its store',
      () => ({ credsStore: 'test' }),
      {
        'docker-credential-test': `read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"${user.name}\\",\\"Secret\\":\\"${user.password}\\"}"`,
      },
    ],
    [
      'of a helper for the registry',
      (address) => ({ credsStore: 'none', credHelpers: { [address]: 'one' } }),
      { 'docker-credential-one': `echo '{"Username":"${user.name}","Secret":"${user.password}"}'` },
    ],
  ])("the docker client's credentials give access: %s", async ([, config, programs]) => {
    for (const authentication of ['basic', 'token'] as const) {
      const { address } = registry(authentication);
      const image = await pin(`${address}/team/app:1`, { env: configured(config(address), programs) });
      expect(image).toMatchObject({ id: `${address}/team/app@${digests.single}` });
    }
  });

  test('an identity token is exchanged for an access token', async () => {
    const { address, asked } = registry('token');
    const helper = `echo '{"Username":"<token>","Secret":"${identityToken}"}'`;
    for (const env of [
      configured({ auths: { [address]: { auth: auth('00000000:'), identitytoken: identityToken } } }),
      configured({ credsStore: 'test' }, { 'docker-credential-test': helper }),
    ]) {
      asked.length = 0;
      expect((await pin(`${address}/team/app:1`, { env })).id).toContain(digests.single);
      expect(asked).toEqual(['POST registry repository:team/app:pull known']);
    }
  });

  test('a helper without credentials is like none, and one that fails is named', async () => {
    const { address } = registry('token');
    const failing = (script: string): Env => configured({ credsStore: 'test' }, { 'docker-credential-test': script });
    const none = await pin(`${address}/team/app:1`, {
      env: failing('echo "credentials not found in native keychain"; exit 1'),
    });
    expect(none.unpinned).toBe(`${address} denies access (authentication required)`);
    const broken = await pin(`${address}/team/app:1`, { env: failing('echo "not signed in" >&2; exit 1') });
    expect(broken.unpinned).toContain('; docker-credential-test gives no credentials: not signed in');
    const absent = await pin(`${address}/team/app:1`, { env: configured({ credsStore: 'absent' }) });
    expect(absent.unpinned).toContain('docker-credential-absent gives no credentials: it is not on the PATH');
    const garbled = await pin(`${address}/team/app:1`, { env: configured('{') });
    expect(garbled.unpinned).toContain('config.json is not JSON');
  });
});
