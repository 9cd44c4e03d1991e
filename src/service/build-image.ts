import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LeftOut } from '../local/source-files.js';
import { stagedSource } from '../local/staged-source.js';
import { type Location, StatusError } from '../model/errors.js';
import type { BuildFailure, BuildLine, BuildMethod, BuiltImage, ImageBuilder } from '../runtime/image-builder.js';

export type { BuildLine, ImageBuilder };

/** A directory to build an image from. */
export interface SourceDirectory {
  /** As the user names it. */
  shown: string;
  /** Its absolute path. */
  directory: string;
  method: BuildMethod;
}

/** An image to build. */
export interface ImageBuild {
  source: SourceDirectory;
  /** The name that it gets. */
  reference: string;
  /** The platform to build for; `any`: that of the engine. */
  platform: string;
  /** Looks for newer base images first. */
  refresh: boolean;
  /** What the build does not get of the directory besides what the builder itself leaves out. */
  leftOut: LeftOut | undefined;
  /** A directory for copies of sources of which something is left out. */
  scratch: string;
}

/** A build has failed: with the place in the Dockerfile if the builder names it, and with what the step has printed. */
export class ImageBuildFailed extends StatusError {
  override name = 'ImageBuildFailed';
  readonly output: readonly string[];

  constructor(message: string, output: readonly string[], options: ConstructorParameters<typeof StatusError>[2]) {
    super('UNKNOWN', message, options);
    this.output = output;
  }
}

/**
 * The source in a directory. As in gcloud, a Dockerfile in it is what it is built by.
 * @throws StatusError if there is no such directory
 */
export function sourceDirectory(shown: string, cwd: string): SourceDirectory {
  if (shown.startsWith('gs://')) {
    throw new StatusError('UNIMPLEMENTED', `Only directories of this machine are built, and not ${shown}.`, {
      fix: `gcloud storage cp ${shown} . && tar -xzf ${path.basename(shown)}, and give its directory`,
    });
  }
  const directory = path.resolve(cwd, shown);
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) {
    const why = stats ? 'it is not a directory' : 'there is no such directory';
    throw new StatusError('INVALID_ARGUMENT', `Cannot build ${shown}: ${why}.`);
  }
  const file = statSync(path.join(directory, 'Dockerfile'), { throwIfNoEntry: false });
  return { shown, directory, method: file ? 'Dockerfile' : 'Buildpacks' };
}

/** An image that was built, and the file that has left something out of its build. */
export interface SourceImage extends BuiltImage {
  without: string | undefined;
}

/** @throws ImageBuildFailed; StatusError if the Dockerfile is left out, or no container engine answers */
export async function buildImage(
  builder: ImageBuilder,
  { source, reference, platform, refresh, leftOut, scratch }: ImageBuild,
  onLine: (line: BuildLine) => void,
  signal: AbortSignal,
): Promise<SourceImage> {
  const { method, shown } = source;
  if (method === 'Dockerfile' && leftOut?.ignores('Dockerfile', false)) {
    throw new StatusError('INVALID_ARGUMENT', `gcloud does not upload ${path.join(shown, 'Dockerfile')}.`, {
      fix: `write a line !Dockerfile at the end of ${path.join(shown, '.gcloudignore')}`,
    });
  }
  const staged = leftOut && (await stagedSource(source.directory, leftOut.ignores, scratch));
  try {
    const { directory } = staged ?? source;
    const target = platform === 'any' ? undefined : platform;
    const result = await builder.build({ directory, method, reference, platform: target, refresh }, onLine, signal);
    const without = staged && leftOut.by;
    if ('image' in result) return { ...result.image, without };
    throw failed(source, result.failure, without);
  } finally {
    await staged?.remove();
  }
}

function failed(
  { shown, directory }: SourceDirectory,
  failure: BuildFailure,
  without: string | undefined,
): ImageBuildFailed {
  const { step, reason, output, missing } = failure;
  if (missing) {
    const message = `${shown} has no Dockerfile, and ${missing}, which builds by buildpacks, is not installed.`;
    return new ImageBuildFailed(message, output, {
      fix: `write ${path.join(shown, 'Dockerfile')}, or install pack (https://buildpacks.io), or build the image in another way and give it with --image`,
    });
  }
  const lacking = without !== undefined && /not found|no such file|does not exist|excluded/i.test(reason);
  const fix = lacking ? `The build gets nothing that ${without} names, as in gcloud.` : undefined;
  const location = placeOf(path.join(directory, 'Dockerfile'), path.join(shown, 'Dockerfile'), failure);
  if (!location) {
    const at = step === undefined ? '' : ` at step ${step.replace(': ', ', ')}`;
    return new ImageBuildFailed(`Building ${shown} has failed${at}: ${reason}`, output, { fix });
  }
  const at = step === undefined ? '' : ` at step ${step.split(':', 1)[0]}`;
  return new ImageBuildFailed(`Building ${shown} has failed${at}:`, output, {
    problems: [{ message: reason, location, severity: 'error', fix }],
  });
}

/** Where in the Dockerfile the builder has failed, if that is certain. */
function placeOf(file: string, shown: string, { reason, instruction }: BuildFailure): Location | undefined {
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
  const named = Number(/\bparse error (?:on )?line (\d+)/i.exec(reason)?.[1]);
  const at = named > 0 ? named - 1 : instruction === undefined ? -1 : onlyLine(lines, instruction);
  const excerpt = lines[at];
  if (excerpt === undefined) return undefined;
  return { file: shown, line: at + 1, column: excerpt.search(/\S|$/) + 1, excerpt };
}

/** The index of the only line that begins an instruction; -1 if there are several or none. */
function onlyLine(lines: readonly string[], instruction: string): number {
  const folded = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
  const whole = folded(instruction);
  const begins = lines.flatMap((line, i) => {
    const part = folded(line.replace(/\\\s*$/, ''));
    return part !== '' && whole.startsWith(part) && /^[A-Z]+ /i.test(part) ? [i] : [];
  });
  return begins.length === 1 ? (begins[0] ?? -1) : -1;
}
