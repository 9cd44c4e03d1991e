import { UsageError } from '../../model/errors.js';
import type { Context } from '../context.js';

/** The formats that `--format` takes everywhere. */
export const printers: readonly string[] = ['json', 'yaml', 'value(PATH,...)', 'none'];

/** A parser of `--format`, so that a command that cannot print its result does nothing. */
export const formatFlag =
  (known: readonly string[]) =>
  (format: string): string => {
    if (known.includes(format) || projection(format) !== undefined) return format;
    throw new UsageError(`argument --format: must be one of ${known.join(', ')}; received: ${format}`);
  };

/** The paths in `value(...)`. */
function projection(format: string): string[][] | undefined {
  const paths = /^value\((.+)\)$/.exec(format)?.[1];
  return paths?.split(',').map((path) => path.trim().split('.'));
}

interface Views<T> {
  /** What is printed without `--format`. */
  human?: ((of: T) => string) | undefined;
  /** `--format=export`, where there is one. */
  exported?: ((of: T) => object) | undefined;
}

/** Prints a result on stdout as `--format` says. */
export async function print<T extends object>(
  { io }: Context,
  format: string | undefined,
  value: T,
  { human, exported }: Views<T>,
): Promise<void> {
  if (format === undefined) io.out.write(human?.(value) ?? '');
  else if (format === 'json') io.out.write(`${JSON.stringify(value, null, 2)}\n`);
  else if (format === 'yaml') io.out.write(await yaml(value));
  else if (format === 'export' && exported) io.out.write(await yaml(exported(value)));
  else if (format !== 'none') io.out.write(projected(value, projection(format) ?? []));
}

/** A list as one document an item. */
async function yaml(value: object): Promise<string> {
  const { toYaml } = await import('../../model/spec/yaml.js');
  return Array.isArray(value) ? value.map((item) => `---\n${toYaml(item)}`).join('') : toYaml(value);
}

/** One line a resource: the values at the paths, tab-separated; an object as compact JSON. */
function projected(value: object, paths: readonly string[][]): string {
  const rows: unknown[] = Array.isArray(value) ? value : [value];
  return rows.map((row) => `${paths.map((path) => shown(dig(row, path))).join('\t')}\n`).join('');
}

/** What is at a path such as `conditions[0].type`. */
export function dig(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  const [, name = '', index] = /^(.*?)(?:\[(\d+)\])?$/.exec(step) ?? [];
  const field = name === '' ? value : own(value, name);
  return dig(index === undefined ? field : own(field, index), rest);
}

const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};
