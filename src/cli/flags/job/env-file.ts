import { readFileSync } from 'node:fs';
import path from 'node:path';
import { mayBeDotenv, parseDotenv } from '../../../model/dotenv.js';
import { type Problem, StatusError } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';
import type { Io } from '../../io.js';

type EnvFileFlag = '--env-file' | '--env-vars-file';

/**
 * The variables in a file: a `.env` file, or a YAML or JSON map of strings. `--env-vars-file` is gcloud's, for which only a
 * file whose name ends in `.env` is one; for `--env-file`, every file is one whose name does not say YAML or JSON.
 * @throws UsageError for a missing file or invalid content, StatusError for invalid YAML
 */
export async function readEnvFile(
  file: string,
  flag: EnvFileFlag,
  io: Pick<Io, 'cwd' | 'variables' | 'err'>,
): Promise<Record<string, string>> {
  const isDotenv = flag === '--env-file' ? mayBeDotenv(file) : file.endsWith('.env');
  let text: string;
  try {
    text = readFileSync(path.resolve(io.cwd, file), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `File [${file}] does not exist.` : `File [${file}] cannot be read: ${message}`;
    throw new UsageError(`argument ${flag}: ${why}`);
  }
  const variables = isDotenv ? dotenv(file, flag, text, io) : await yamlMap(file, flag, text);
  const invalid = Object.keys(variables).find(
    (name) => name === '' || name.includes('=') || name.startsWith('X_GOOGLE_'),
  );
  if (invalid === undefined) return variables;
  throw new UsageError(`argument ${flag}: the name [${invalid}] of a variable in [${file}] is invalid.`);
}

function dotenv(
  file: string,
  flag: EnvFileFlag,
  text: string,
  { variables: surroundings, err }: Pick<Io, 'variables' | 'err'>,
): Record<string, string> {
  const { variables, unreadable } = parseDotenv(text, surroundings);
  for (const [name, value] of variables) {
    if (value !== undefined) continue;
    throw new UsageError(
      `argument ${flag}: Environment variable values must be strings. Found none for ${name} in [${file}]`,
      `write ${name}= for an empty value`,
    );
  }
  if (unreadable.length > 0) {
    err.write(`WARNING: ${file}: skipped unreadable line ${unreadable.join(', ')}\n`);
  }
  return Object.fromEntries(variables) as Record<string, string>;
}

async function yamlMap(file: string, flag: EnvFileFlag, text: string): Promise<Record<string, string>> {
  // The YAML parser is loaded only for YAML.
  const [{ parseSource }, { isMap, isScalar }] = await Promise.all([
    import('../../../model/spec/source-document.js'),
    import('yaml'),
  ]);
  const [document] = parseSource(file, text);
  const unparsed = (problem: Problem): StatusError =>
    new StatusError('INVALID_ARGUMENT', `Failed to parse YAML from [${file}]:`, { problems: [problem] });
  if (document?.problems[0]) throw unparsed(document.problems[0]);
  if (!document || !isMap(document.resolve(document.root))) {
    throw new UsageError(`argument ${flag}: Invalid YAML/JSON data in [${file}], expected map-like data.`);
  }
  document.yaml = '1.1';
  const variables = new Map<string, string>();
  for (const { key, keyNode, value } of document.entries(document.root, 0)) {
    const node = document.resolve(value);
    const read = document.scalar(node)?.value;
    if (typeof read !== 'string') {
      const found = isScalar(node) ? (node.source ?? '') || 'null' : node ? 'a list or a map' : 'null';
      throw new UsageError(
        `argument ${flag}: Environment variable values must be strings. Found ${found} for ${key} in [${file}]`,
        isScalar(node) ? `quote it: ${key}: "${found}"` : `write ${key}: "" for an empty value`,
      );
    }
    if (variables.has(key)) {
      throw unparsed({ message: `${key} is set twice`, location: document.location(keyNode), severity: 'error' });
    }
    variables.set(key, read);
  }
  return Object.fromEntries(variables);
}
