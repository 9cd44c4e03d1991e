import { randomUUID } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { readLocalFile } from '../model/local/read.js';
import { put, type Tree } from '../model/v1/convert.js';
import { fileName } from './settings-file.js';
import { type Addition, type MissingMappings, yamlKey, yamlLines } from './missing-mappings.js';

/** What `config init` changed. */
export interface Initialized {
  /** The localrun.yaml. */
  file: string;
  /** Whether the file existed before. */
  existed: boolean;
  /** The entries that were added. */
  added: string[];
  /** The entries that are missing but could not be added without changing existing text. */
  left: string[];
  /** The empty files and the directories that were created. */
  created: string[];
  /** The files and directories that were to be created and existed already. */
  kept: string[];
}

/**
 * Adds the missing mappings to a localrun.yaml and creates the files and directories that they name. Existing content
 * stays: lines are added between others, and no file is overwritten.
 * @param file the localrun.yaml, which may not exist yet
 */
export function initialize(file: string, missing: MissingMappings): Initialized {
  const { additions } = missing;
  const directory = path.dirname(file);
  const old = textOf(file);
  const text = additions.length === 0 ? old : withAdditions(old ?? '', additions);
  const done: Initialized = { file, existed: old !== undefined, added: [], left: [], created: [], kept: [] };
  if (text === undefined) done.left = yamlLines(additions);
  else if (additions.length > 0) {
    write(file, text, old === undefined);
    done.added = yamlLines(additions);
  }
  const making = text === undefined ? [] : additions.flatMap(({ creates }) => creates ?? []);
  for (const { kind, name } of making) make(path.resolve(directory, name), kind, done);
  for (const name of missing.files) make(name, 'file', done);
  return done;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file completely or not at all; a new file only if there still is none. */
function write(file: string, text: string, isNew: boolean): void {
  if (isNew) return writeFileSync(file, text, { flag: 'wx' });
  const target = realpathSync(file);
  const next = `${target}.${randomUUID()}`;
  const { mode, uid, gid } = statSync(target);
  try {
    writeFileSync(next, text, { flag: 'wx', mode: mode & 0o777 });
    chownSync(next, uid, gid);
    renameSync(next, target);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
}

/** Creates an empty file or a directory unless it exists. Only its owner can read the secrets in it. */
function make(where: string, kind: 'file' | 'directory', done: Initialized): void {
  const isThere = (call: () => unknown): boolean => {
    try {
      call();
      return false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true;
      throw error;
    }
  };
  if (kind === 'directory') {
    const first = mkdirSync(where, { recursive: true });
    (first === undefined ? done.kept : done.created).push(where);
    return;
  }
  const directory = path.dirname(where);
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) {
    const ignored = path.join(directory, '.gitignore');
    writeFileSync(ignored, '# Keep secrets out of the repository.\n*\n', { flag: 'wx' });
    done.created.push(ignored);
  }
  const exists = isThere(() => writeFileSync(where, '', { flag: 'wx', mode: 0o600 }));
  (exists ? done.kept : done.created).push(where);
}

/** The text of a localrun.yaml with entries added and everything else unchanged; undefined if that is impossible. */
export function withAdditions(text: string, additions: readonly Addition[]): string | undefined {
  const before = readLocalFile(fileName, text);
  const expected = structuredClone(before.value) as Tree;
  let result = text;
  for (const { path: keys, value } of additions) {
    const longer = inserted(result, keys, value);
    if (longer === undefined) return undefined;
    result = longer;
    put(expected, keys, parseDocument(value).toJS());
  }
  const { value, problems } = readLocalFile(fileName, result);
  return problems.length === 0 && isDeepStrictEqual(value, expected) ? result : undefined;
}

/** The text with one more entry, placed below those of its parent keys that exist. */
function inserted(text: string, keys: readonly string[], value: string): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true });
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  let { contents: node } = document as { contents: unknown };
  let indent = 0;
  let depth = 0;
  let holder: Pair | undefined;
  while (isMap(node) && depth < keys.length) {
    const pair = pairOf(node, keys[depth] ?? '');
    if (!pair) break;
    holder = pair;
    indent = columnOf(text, pair) + 2;
    node = pair.value;
    depth++;
  }
  const rest = keys.slice(depth);
  if (rest.length === 0) return undefined;
  const lines = yamlLines([{ path: rest, value }]);
  if (isMap(node) && node.flow) {
    const last = node.items.at(-1);
    const end = last ? endOf(last.value ?? last.key) : startOf(node) + 1;
    const nested = rest.slice(1).reduceRight((inner, key) => `{ ${yamlKey(key)}: ${inner} }`, value);
    const pair = ` ${yamlKey(rest[0] ?? '')}: ${nested}`;
    const entry = node.items.length > 0 ? `,${pair}` : `${pair} `;
    return text.slice(0, end) + entry + text.slice(end);
  }
  let end = text.length;
  if (isMap(node)) {
    const [first] = node.items;
    if (first) indent = columnOf(text, first);
    end = depth === 0 ? text.length : endOf(node);
  } else if (holder && (node === null || (isScalar(node) && node.value === null))) {
    end = endOfNode(holder.key) + 1;
  } else if (holder) return undefined;
  const lineEnd = text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end);
  const at = lineEnd < 0 ? text.length : lineEnd + 1;
  const open = at > 0 && text[at - 1] !== '\n' ? eol : '';
  const block = lines.map((line) => ' '.repeat(indent) + line + eol).join('');
  return text.slice(0, at) + open + block + text.slice(at);
}

const pairOf = (map: YAMLMap, key: string): Pair | undefined =>
  map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);

const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;
const endOfNode = (node: unknown): number => (node as Node | null)?.range?.[1] ?? 0;

function columnOf(text: string, { key }: Pair): number {
  const start = startOf(key);
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}

/** Where the last value in a node ends, before trailing comments and empty lines. */
function endOf(node: unknown): number {
  const last = isMap(node) && !node.flow ? node.items.at(-1) : undefined;
  if (!last) return endOfNode(node);
  // A key without a value is followed by its colon.
  return last.value ? endOf(last.value) : endOfNode(last.key) + 1;
}
