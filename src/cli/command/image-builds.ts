import path from 'node:path';
import { StatusError } from '../../model/errors.js';
import type { LocalSettings } from '../../model/local/settings.js';
import type { JobInput } from '../../model/schema/job.js';
import { formatSpan } from '../../model/time.js';
import {
  buildImage,
  type ImageBuild,
  ImageBuildFailed,
  sourceDirectory,
  type SourceImage,
  type SourceDirectory,
} from '../../service/build-image.js';
import { Interrupted } from '../errors.js';
import type { JobEdit } from '../flags/job/edit.js';
import { openBuildView } from '../output/build-view.js';
import { folded } from '../output/workflow-commands.js';
import type { Context } from './context.js';

/** An image that the command line has built for a container of a job. */
interface ContainerBuild {
  source: SourceDirectory;
  reference: string;
  /** gcloud would upload the source. */
  uploaded: boolean;
}

/**
 * The images to build for a job that flags describe: each from the directory of `--source` or `--build`, under the name
 * that the job has for it.
 * @throws StatusError for what cannot be built
 */
export function buildsFor({ io }: Context, { groups }: JobEdit, job: JobInput): ContainerBuild[] {
  const { containers } = job.template.template;
  return groups.flatMap(({ name, flags }) => {
    const directory = flags.source ?? flags.build;
    if (directory === undefined) return [];
    if (io.forwarded) {
      throw new StatusError('UNIMPLEMENTED', 'A cluster worker builds no images.', {
        fix: 'build and push the image on your machine, and give it with --image',
      });
    }
    const { image } = containers.find((container) => name === undefined || (container.name ?? '') === name) ?? {};
    if (!image) return [];
    if (image.includes('@')) {
      const message = `--build gives an image the name that the job has for it, and ${image} names one by its digest.`;
      throw new StatusError('INVALID_ARGUMENT', message, {
        fix: `--source ${directory}, which gives it a name of its own`,
      });
    }
    const uploaded = flags.source !== undefined;
    return { source: sourceDirectory(directory, io.cwd), reference: image, uploaded };
  });
}

/** gcloud's words for a write that follows builds. */
export function announcing([build]: readonly ContainerBuild[], doing: string): string {
  if (!build) return doing;
  return `Building using ${build.source.method} and ${doing.charAt(0).toLowerCase()}${doing.slice(1)}`;
}

/**
 * Builds images, one after the other, and shows it on stderr. Ctrl-C ends the build, and so does `superseded`.
 * @returns their ids by reference; undefined if there are none
 * @throws ImageBuildFailed, Interrupted; StatusError if no container engine answers, or the job will not run on it
 */
export async function buildImages(
  context: Context,
  builds: readonly ContainerBuild[],
  { platform, pull, runtime }: Pick<LocalSettings, 'platform' | 'pull' | 'runtime'>,
  superseded?: AbortSignal,
): Promise<LocalSettings['built']> {
  if (builds.length === 0) return undefined;
  if (runtime && !runtime.imagesOnNodes) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      'Images are built in the container engine of this machine, which the cluster does not see.',
      {
        fix: 'build and push the image, and give it with --image; or, if the nodes share this engine, set runtime.imagesOnNodes in localrun.yaml',
      },
    );
  }
  const { io } = context;
  const abort = new AbortController();
  const over = AbortSignal.any([abort.signal, ...(superseded ? [superseded] : [])]);
  let interrupted: Interrupted | undefined;
  const ignore = io.onSignal((signal) => {
    interrupted ??= new Interrupted(signal);
    abort.abort();
  });
  try {
    const built: Record<string, string> = {};
    const { notUploaded } = await import('../../local/source-files.js');
    for (const { source, reference, uploaded } of builds) {
      const leftOut = uploaded ? notUploaded(source.directory) : undefined;
      const scratch = path.join(context.config.home, 'builds');
      const build = { source, reference, platform, refresh: pull === 'always', leftOut, scratch };
      const { id } = await folded(io, `Build ${source.shown}`, () => shownBuild(context, build, over));
      built[reference] = id;
    }
    return built;
  } catch (error) {
    if (!interrupted) throw error;
    io.err.write('The build has been ended. Nothing has been stored.\n');
    throw interrupted;
  } finally {
    ignore();
  }
}

async function shownBuild(context: Context, build: ImageBuild, signal: AbortSignal): Promise<SourceImage> {
  const { io } = context;
  const [builder, { now }] = await Promise.all([context.imageBuilder(), context.service()]);
  const { shown } = build.source;
  const machine = await builder.platform();
  if (build.platform !== 'any' && build.platform !== machine) {
    io.err.write(
      `Building for ${build.platform}, as Cloud Run needs it. This machine is ${machine}, so its engine emulates the other, which is slower.\n`,
    );
  }
  const begun = now();
  const view = openBuildView(io, shown, now);
  try {
    const image = await buildImage(builder, build, (line) => view.onLine(line), signal);
    view.close();
    io.err.write(`Built ${shown} in ${formatSpan(now() - begun)}${note(image)}.\n`);
    return image;
  } catch (error) {
    view.close(error instanceof ImageBuildFailed && !signal.aborted ? error.output : []);
    throw error;
  }
}

function note({ steps, cached, without }: SourceImage): string {
  const count = steps === 1 ? '1 step' : `${steps} steps`;
  const all = cached === steps ? `${steps === 1 ? 'its' : 'all'} ${count}` : `${cached} of ${count}`;
  const cache = cached > 0 ? `, ${all} from the cache` : '';
  return `${cache}${without === undefined ? '' : `, without what ${without} names, as gcloud`}`;
}
