import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isSourceImage, sourceImage } from '../../../src/model/source-image.js';
import type { BuildFailure } from '../../../src/runtime/image-builder.js';
import { buildImage, type ImageBuilder, ImageBuildFailed, sourceDirectory } from '../../../src/service/build-image.js';
import { tempDirectory } from '../../support/temp.js';

describe('the image of a source', () => {
  const job = 'projects/acme.com:shop/locations/europe-west1/jobs/etl';

  test("has gcloud's name, and a tag for each state directory", () => {
    const image = sourceImage(job, '/home/me/state');
    expect(image).toMatch(
      /^europe-west1-docker\.pkg\.dev\/acme\.com\/shop\/cloud-run-source-deploy\/etl:local-[\da-f]{8}$/,
    );
    expect(sourceImage(job, '/other')).not.toBe(image);
    expect(isSourceImage(image)).toBe(true);
    expect(isSourceImage('europe-west1-docker.pkg.dev/shop/cloud-run-source-deploy/etl@sha256:12')).toBe(false);
    expect(isSourceImage('europe-west1-docker.pkg.dev/shop/cloud-run-source-deploy/etl')).toBe(false);
  });
});

describe('a build that has failed', () => {
  const signal = new AbortController().signal;

  /** What a failure of the builder becomes, for this Dockerfile. */
  async function failed(dockerfile: string, failure: Partial<BuildFailure>): Promise<ImageBuildFailed> {
    const cwd = tempDirectory();
    mkdirSync(path.join(cwd, 'app'));
    writeFileSync(path.join(cwd, 'app', 'Dockerfile'), dockerfile);
    const builder: ImageBuilder = {
      platform: async () => 'linux/amd64',
      build: async () => ({ failure: { reason: 'exit code: 1', output: ['said'], ...failure } }),
      close: () => {},
    };
    const source = sourceDirectory('app', cwd);
    const build = { source, reference: 'i', platform: 'any', refresh: false, leftOut: undefined, scratch: cwd };
    return buildImage(builder, build, () => {}, signal).then(
      () => Promise.reject(new Error('it was built')),
      (error: unknown) => {
        if (error instanceof ImageBuildFailed) return error;
        throw error;
      },
    );
  }

  test.for([
    ['FROM a\nRUN make \\\n  all\n', '2/2: RUN make   all', 'RUN make   all', 2, 1],
    ['from a\n  run make\n', '2/2: RUN make', 'run make', 2, 3],
  ] as const)('names the line of its step: %j', async ([dockerfile, step, instruction, line, column]) => {
    const error = await failed(dockerfile, { step, instruction });
    expect(error.message).toBe('Building app has failed at step 2/2:');
    expect(error.problems).toMatchObject([
      { message: 'exit code: 1', location: { file: 'app/Dockerfile', line, column } },
    ]);
    expect(error.output).toEqual(['said']);
  });

  test('names the line that cannot be parsed', async () => {
    const error = await failed('FROM a\nRUN b\n\tFOO\n', { reason: 'dockerfile parse error on line 3: unknown FOO' });
    expect(error.problems).toMatchObject([{ location: { line: 3, column: 2, excerpt: '\tFOO' } }]);
  });

  test.for([
    ['which of two lines it was', 'FROM a\nRUN b\nFROM c\nRUN b\n', { step: '2/2: RUN b', instruction: 'RUN b' }],
    ['a line that is not in the file', 'FROM a\n', { reason: 'parse error line 7: x' }],
    ['a step', 'FROM a\n', {}],
  ] as const)('does not guess %s', async ([, dockerfile, failure]) => {
    const error = await failed(dockerfile, failure);
    expect(error.problems).toEqual([]);
    const at = 'step' in failure ? ' at step 2/2, RUN b' : '';
    expect(error.message).toBe(
      `Building app has failed${at}: ${'reason' in failure ? failure.reason : 'exit code: 1'}`,
    );
  });
});
