import { UsageError } from '../../model/errors.js';
import type { Context } from '../context.js';

/** The formats that `--format` takes everywhere. */
export const printers = ['json', 'yaml', 'value(PATH,...)', 'none'] as const;

interface Views<T> {
  /** What is printed without `--format`. */
  human?: ((of: T) => string) | undefined;
  /** `--format=export`, where there is one. */
  exported?: ((of: T) => object) | undefined;
}

/** Prints a result on stdout as `--format` says. @throws UsageError for a format that there is not */
export async function print<T extends object>(
  { io }: Context,
  format: string | undefined,
  value: T,
  { human, exported }: Views<T>,
): Promise<void> {
  const projection = /^value\((.*)\)$/.exec(format ?? '')?.[1];
  if (format === undefined) io.out.write(human?.(value) ?? '');
  else if (format === 'json') io.out.write(`${JSON.stringify(value, null, 2)}\n`);
  else if (format === 'yaml') io.out.write(await yaml(value));
  else if (format === 'export' && exported) io.out.write(await yaml(exported(value)));
  else if (projection !== undefined) io.out.write(projected(value, projection));
  else if (format !== 'none') {
    const known = [...printers, ...(exported ? ['export'] : [])].join(', ');
    throw new UsageError(`argument --format: must be one of ${known}; received: ${format}`);
  }
}

/** A list as one document an item. */
async function yaml(value: object): Promise<string> {
  const { toYaml } = await import('../../model/spec/yaml.js');
  return Array.isArray(value) ? value.map((item) => `---\n${toYaml(item)}`).join('') : toYaml(value);
}

/** One line a resource: the values at the paths, tab-separated; an object as compact JSON. */
function projected(value: object, paths: string): string {
  const rows: unknown[] = Array.isArray(value) ? value : [value];
  const keys = paths.split(',').map((path) => path.trim().split('.'));
  return rows.map((row) => `${keys.map((path) => shown(dig(row, path))).join('\t')}\n`).join('');
}

function dig(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  const [, name = '', index] = /^(.*?)(?:\[(\d+)\])?$/.exec(step) ?? [];
  const next: unknown = name === '' ? value : (value as Record<string, unknown> | null | undefined)?.[name];
  return dig(index === undefined ? next : (next as unknown[] | undefined)?.[Number(index)], rest);
}

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
};
