import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../../src/cli/command/context.js';
import { announcing, buildImages, buildsFor } from '../../../../src/cli/command/image-builds.js';
import type { ContainerFlags } from '../../../../src/cli/flags/job/container.js';
import { defaultSettings, type LocalSettings } from '../../../../src/model/local/settings.js';
import type { ImageBuilder, ImageSource } from '../../../../src/runtime/image-builder.js';
import { testIo } from '../../../support/io.js';
import { tempDirectory } from '../../../support/temp.js';

const amd64 = 'linux/amd64';

/** A command line whose builder does what `build` says, on a machine of this platform; the directory `app` is there. */
function commandLine(
  build: ImageBuilder['build'],
  { platform = amd64, terminal }: { platform?: string; terminal?: number } = {},
) {
  const cwd = tempDirectory();
  mkdirSync(path.join(cwd, 'app'));
  writeFileSync(path.join(cwd, 'app', 'Dockerfile'), 'FROM scratch\n');
  const io = testIo(cwd, { ...(terminal !== undefined && { terminal }) });
  const builder: ImageBuilder = { platform: async () => platform, build, close: () => {} };
  const context = {
    io,
    config: { home: cwd },
    imageBuilder: async () => builder,
    service: async () => ({ now: () => 0 }),
  };
  return { io, context: context as unknown as Context };
}

/** The builds for a job with these containers, by the flags of each. */
const builds = (context: Context, containers: Record<string, ContainerFlags>, image = 'app:dev') =>
  buildsFor(
    context,
    { flags: {}, groups: Object.entries(containers).map(([name, flags]) => ({ name, flags })) },
    {
      template: {
        template: { containers: Object.keys(containers).map((name) => ({ name, image: `${image}-${name}` })) },
      },
    },
  );

const built: ImageBuilder['build'] = async () => ({ image: { id: 'sha256:1', steps: 3, cached: 3 } });
const settings: LocalSettings = defaultSettings;

describe('the images of a job', () => {
  test('are built for the platform of Cloud Run, under the name that the job has for them', async () => {
    const asked: ImageSource[] = [];
    const { io, context } = commandLine(async (source, ...rest) => (asked.push(source), built(source, ...rest)), {
      platform: 'linux/arm64',
    });
    const two = builds(context, { a: { build: 'app' }, b: {}, c: { source: 'app' } });
    expect(announcing(two, 'Creating')).toBe('Building using Dockerfile and creating');
    expect(await buildImages(context, two, { ...settings, pull: 'always' })).toEqual({
      'app:dev-a': 'sha256:1',
      'app:dev-c': 'sha256:1',
    });
    expect(asked).toMatchObject([
      { reference: 'app:dev-a', platform: amd64, refresh: true, method: 'Dockerfile' },
      { reference: 'app:dev-c' },
    ]);
    expect(io.stderr()).toContain('Building for linux/amd64, as Cloud Run needs it. This machine is linux/arm64,');
    expect(io.stderr()).toContain('\nBuilt app in 0s, all 3 steps from the cache.\n');
    await buildImages(context, two.slice(0, 1), { ...settings, platform: 'any' });
    expect(asked.at(-1)).toMatchObject({ platform: undefined, refresh: false });
  });

  test('are not built where the job would not find them', async () => {
    const { io, context } = commandLine(() => Promise.reject(new Error('built')));
    expect(() => builds(context, { a: { build: 'app' } }, 'app@sha256:1')).toThrow('names one by its digest');
    expect(() => builds(context, { a: { build: 'none' } })).toThrow('Cannot build none: there is no such directory.');
    const runtime = { kind: 'kubernetes', imagesOnNodes: false } as LocalSettings['runtime'];
    const one = builds(context, { a: { build: 'app' } });
    await expect(buildImages(context, one, { ...settings, runtime })).rejects.toThrow('which the cluster does not see');
    expect(() => builds({ ...context, io: { ...io, forwarded: true } }, { a: { build: 'app' } })).toThrow(
      'A cluster worker builds no images.',
    );
  });

  test('are no longer built after a signal, or when another build is to follow', async () => {
    const untilAborted: ImageBuilder['build'] = (_, onLine, signal) =>
      new Promise((resolve) => {
        const end = (): void => resolve({ failure: { reason: 'it was ended', output: ['said'] } });
        if (signal.aborted) end();
        signal.addEventListener('abort', end);
        onLine({ text: 'at work', step: '1/1: RUN x' });
      });
    const { io, context } = commandLine(untilAborted);
    const one = builds(context, { a: { build: 'app' } });
    const interrupted = buildImages(context, one, settings);
    await expect.poll(() => io.stderr()).toBe('build app │ at work\n');
    io.signal('SIGTERM');
    await expect(interrupted).rejects.toMatchObject({ name: 'Interrupted', signal: 'SIGTERM' });
    expect(io.stderr()).toBe('build app │ at work\nThe build has been ended. Nothing has been stored.\n');
    await expect(buildImages(context, one, settings, AbortSignal.abort())).rejects.toThrow('it was ended');
  });

  test('show on a terminal the last lines while they are built, and all of a step that fails', async () => {
    const output = Array.from({ length: 20 }, (_, i) => `line ${i} ${'x'.repeat(60)}`);
    const { io, context } = commandLine(
      async (_, onLine) => {
        for (const text of output) onLine({ text, step: '2/2: RUN x' });
        return { failure: { reason: 'exit code: 1', step: '2/2: RUN x', instruction: 'RUN x', output } };
      },
      { terminal: 120 },
    );
    const failed = buildImages(context, builds(context, { a: { build: 'app' } }), settings);
    await expect(failed).rejects.toThrow('Building app has failed at step 2/2, RUN x: exit code: 1');
    for (const line of output) expect(io.stderr()).toContain(`build app │ ${line}`);
  });
});
