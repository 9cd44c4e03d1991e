import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../../model/errors.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';

/** How deeply flags files may name other flags files. */
const maxDepth = 10;

/**
 * A command line with the flags of `--flags-file=FILE` in its place: a YAML or JSON map from flags to values, or a list
 * of such maps. A list or map as a value needs no escaping.
 * @throws StatusError if a file cannot be read, UsageError for a key that is not a flag
 */
export async function withFlagsFiles(argv: readonly string[], io: Pick<Io, 'cwd'>, depth = 0): Promise<string[]> {
  const result: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    // No flags follow.
    if (word === '--') return [...result, ...argv.slice(i)];
    const file = word === '--flags-file' ? argv[++i] : /^--flags-file=(.*)$/s.exec(word)?.[1];
    if (file === undefined) {
      result.push(word);
      continue;
    }
    if (depth === maxDepth) throw wrong(`[${file}] is named by too many other flags files`);
    result.push(...(await withFlagsFiles(await flagsIn(file, io.cwd), io, depth + 1)));
  }
  return result;
}

/** gcloud fails with exit code 1 here, and not with the 2 of its argument parser. */
const wrong = (problem: string): StatusError =>
  new StatusError('INVALID_ARGUMENT', `argument --flags-file: ${problem}`);

async function flagsIn(file: string, cwd: string): Promise<string[]> {
  let text: string;
  try {
    text = readFileSync(path.resolve(cwd, file), 'utf8');
  } catch (error) {
    throw wrong(`[${file}] cannot be read: ${(error as Error).message}`);
  }
  const { parseValue } = await import('../../model/spec/source-document.js');
  let content: unknown;
  try {
    content = parseValue(text);
  } catch (error) {
    throw wrong(`[${file}] is not valid YAML: ${(error as Error).message}`);
  }
  const maps: unknown[] = Array.isArray(content) ? content : [content];
  return maps.flatMap((map) => {
    if (!isMap(map)) throw wrong(`[${file}] must be a map of flags, or a list of such maps`);
    return Object.entries(map).flatMap(([flag, value]) => {
      if (!flag.startsWith('--')) {
        throw new UsageError(`argument --flags-file: [${file}]: ${flag} is not a flag; flags begin with --`);
      }
      return words(file, flag, value);
    });
  });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function words(file: string, flag: string, value: unknown): string[] {
  if (value === null || value === true) return [flag];
  if (value === false) return [flag.replace('--', '--no-')];
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every(isMap)) return value.flatMap((item) => words(file, flag, item));
    return [`${flag}=${joined(value.map((item) => scalar(file, flag, item)))}`];
  }
  if (isMap(value)) {
    return [`${flag}=${joined(Object.entries(value).map(([key, of]) => `${key}=${scalar(file, flag, of)}`))}`];
  }
  return [`${flag}=${scalar(file, flag, value)}`];
}

function scalar(file: string, flag: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrong(`[${file}]: a value of ${flag} must be text or a number, got ${JSON.stringify(value)}`);
}

/** A list as the value of a flag, with a delimiter that no item contains. */
function joined(items: readonly string[]): string {
  if (items.length === 0) return '';
  let delimiter = '##';
  while (items.some((item) => item.includes(delimiter))) delimiter += '#';
  return `^${delimiter}^${items.join(delimiter)}${items.at(-1) === '' ? delimiter : ''}`;
}
