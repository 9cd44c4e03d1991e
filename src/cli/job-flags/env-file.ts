import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RunError, UsageError } from '../../model/errors.js';

/**
 * The variables in a file of `--env-vars-file`: a `.env` file, or a YAML or JSON map of strings.
 * @throws UsageError for what such a file does not hold
 */
export async function readEnvFile(file: string, cwd: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(path.resolve(cwd, file), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `File [${file}] does not exist.` : `File [${file}] cannot be read: ${message}`;
    throw new UsageError(`argument --env-vars-file: ${why}`);
  }
  const variables = file.endsWith('.env') ? await dotenv(text) : await yamlMap(file, text);
  const reserved = Object.keys(variables).find((name) => name === '' || name.startsWith('X_GOOGLE_'));
  if (reserved === undefined) return variables;
  throw new UsageError(`argument --env-vars-file: the name [${reserved}] of a variable in [${file}] is invalid.`);
}

async function dotenv(text: string): Promise<Record<string, string>> {
  const { parse } = await import('dotenv');
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(parse(text))) variables[name] = interpolated(value, variables);
  return variables;
}

/** `${NAME}` and `${NAME:-default}` by the variables before; the surroundings do not leak in. */
const interpolated = (value: string, variables: Readonly<Record<string, string>>): string =>
  value.replaceAll(
    /\$\{(\w+)(?::-([^}]*))?\}/g,
    (_, name: string, unset: string | undefined) => variables[name] || (unset ?? ''),
  );

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
