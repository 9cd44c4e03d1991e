import { expect, test } from 'vitest';
import { prepareImages } from '../../../../../src/runtime/docker/attempts/images.js';
import { FakeEngine } from '../../../../support/fake-engine.js';

const reference = 'us-central1-docker.pkg.dev/p/cloud-run-source-deploy/etl:local-0123abcd';

const cases: [what: string, built: Record<string, string>, name: string, known: string][] = [
  ['the image that was built for the execution, by its id,', { app: 'sha256:1' }, 'app', 'sha256:1'],
  ['an image of a source, by its name,', {}, reference, reference],
];

test.for(cases)('%s is not pulled even if images always are', async ([, built, name, known]) => {
  const engine = new FakeEngine();
  const pulls: string[] = [];
  engine.pullImage = async (pulled) => Promise.reject(new Error(`pulled ${pulled}`));
  // The engine may know a digest, although no registry has assigned one.
  engine.localImage = async (asked) =>
    asked === known ? { id: 'sha256:1', platform: 'linux/amd64', digest: `${name}@sha256:2` } : undefined;
  const settings = { pull: 'always', platform: 'linux/amd64', built } as const;
  const prepare = () =>
    prepareImages([name], settings, engine, new AbortController().signal, (pulled) => pulls.push(pulled));
  expect(await prepare()).toEqual([{ reference: name, id: 'sha256:1', pulled: false }]);
  engine.localImage = async () => undefined;
  await expect(prepare()).rejects.toMatchObject({
    condition: { reason: 'CONTAINER_MISSING', message: expect.stringContaining('Build it again') },
  });
  expect(pulls).toEqual([]);
});
