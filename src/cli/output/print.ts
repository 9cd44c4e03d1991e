import type { Context } from '../command/context.js';
import type { CommonOptions } from '../flags/global.js';
import type { Kind } from './resource-kinds.js';

/** The forms in which a command can print its result. */
export interface Views<T> {
  kind: Kind<T>;
  /** The output without `--format`, for people. */
  human?: (() => string | Promise<string>) | undefined;
  /** The output of `--format=export`, for commands that have it. */
  exported?: ((of: T) => Promise<object>) | undefined;
  /** Prints the text; by default on stdout. */
  write?: ((text: string) => void) | undefined;
}

/** Prints one value on stdout in the format of `--format`. */
export const print = <T extends object>(
  context: Context,
  options: CommonOptions,
  value: T,
  views: Views<T>,
): Promise<void> => printAll(context, options, [value], views, true);

/** Prints values on stdout in the format of `--format`; `single`: one value, not a list of one. */
export async function printAll<T extends object>(
  { io, config }: Context,
  options: CommonOptions,
  values: readonly T[],
  views: Views<T>,
  single = false,
): Promise<void> {
  const { human, write = (text) => io.out.write(text) } = views;
  const { format, apiVersion = config.apiVersion } = options;
  if (format === undefined || format.printer === 'default') return write((await human?.()) ?? '');
  if (format.printer === 'none' || format.printer === 'disable') return;
  // A command without --format does not load the language of formats.
  const { formatted } = await import('./format/formatted.js');
  write(await formatted(format, values, views, options, { width: io.out.columns, single, asV1: apiVersion === 'v1' }));
}
