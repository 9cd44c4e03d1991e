import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDotenv } from '../../model/dotenv.js';
import { RunError, UsageError } from '../../model/errors.js';
import type { Io } from '../io.js';

/**
 * The variables in a file of `--env-vars-file`: a `.env` file, or a YAML or JSON map of strings.
 * @throws UsageError for what such a file does not hold, RunError if it cannot be read
 */
export async function readEnvFile(file: string, io: Pick<Io, 'cwd' | 'env' | 'err'>): Promise<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(path.resolve(io.cwd, file), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `File [${file}] does not exist.` : `File [${file}] cannot be read: ${message}`;
    throw new RunError('INVALID_ARGUMENT', `argument --env-vars-file: ${why}`);
  }
  const variables = file.endsWith('.env') ? dotenv(file, text, io) : await yamlMap(file, text);
  const invalid = Object.keys(variables).find(
    (name) => name === '' || name.includes('=') || name.startsWith('X_GOOGLE_'),
  );
  if (invalid === undefined) return variables;
  throw new UsageError(`argument --env-vars-file: the name [${invalid}] of a variable in [${file}] is invalid.`);
}

function dotenv(file: string, text: string, { env, err }: Pick<Io, 'env' | 'err'>): Record<string, string> {
  const { variables, unreadable } = parseDotenv(text, env);
  for (const [name, value] of variables) {
    if (value !== undefined) continue;
    throw new UsageError(
      `argument --env-vars-file: Environment variable values must be strings. Found none for ${name} in [${file}]`,
      `write ${name}= for an empty value`,
    );
  }
  if (unreadable.length > 0) {
    err.write(`WARNING: ${file}: left out, as it cannot be read: line ${unreadable.join(', ')}\n`);
  }
  return Object.fromEntries(variables) as Record<string, string>;
}

async function yamlMap(file: string, text: string): Promise<Record<string, string>> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new RunError('INVALID_ARGUMENT', `Failed to parse YAML from [${file}]: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`argument --env-vars-file: Invalid YAML/JSON data in [${file}], expected map-like data.`);
  }
  for (const [name, of] of Object.entries(value)) {
    if (typeof of === 'string') continue;
    throw new UsageError(
      `argument --env-vars-file: Environment variable values must be strings. Found ${JSON.stringify(of)} for ${name} in [${file}]`,
      `quote it: ${name}: "${String(of)}"`,
    );
  }
  return value as Record<string, string>;
}
