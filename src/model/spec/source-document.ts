import {
  type Alias,
  Composer,
  type CST,
  Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Pair,
  parse,
  Parser,
  Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Location, type Problem, StatusError } from '../errors.js';
import { camelCase, type FieldPath } from '../field-path.js';
import type { ReadScalar, Source } from './decode.js';
import { scalar11 } from './yaml11-scalars.js';

/** The largest job spec, in bytes. The API does not document its own request limit. */
export const maxSpecBytes = 1024 * 1024;

/** Limits that no job reaches, so that aliases cannot blow up a small file. */
export const maxDepth = 64;
export const maxNodes = 100_000;

/** Likewise for words, signs and line ends. */
const maxLexemes = 300_000;

export interface Entry {
  key: string;
  keyNode: Node;
  value: Node | null;
  /** Its path in the file, if that differs. */
  written?: FieldPath | undefined;
}

/**
 * How plain scalars are read. gcloud reads v1 as YAML 1.1, where `yes` is true and `010` is 8. JSON, and with it v2, is
 * YAML 1.2.
 */
export type YamlVersion = '1.1' | '1.2';

const jsonTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

const isMerge = (key: unknown): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
const isNull = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null);

const quoting =
  'quote text that contains ": ", " #", a bracket, a brace or a comma, or that begins with a special character';
const syntaxFixes: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'indent entries of one level equally',
  BLOCK_AS_IMPLICIT_KEY: quoting,
  MULTILINE_IMPLICIT_KEY: 'write a colon and a space after the key',
  TAB_AS_INDENT: 'indent with spaces',
  UNEXPECTED_TOKEN: quoting,
};

function syntaxFix({ code, message }: YAMLError): string | undefined {
  const open = /end with an? ([\]}])/.exec(message)?.[1];
  if (open) return `close it with ${open}`;
  if (message.includes('Unexpected ,')) return 'remove the comma';
  return message.startsWith('Missing closing') ? 'close the quote that opens here' : syntaxFixes[code];
}

/** The position of an error: for an unclosed quote, where it begins; for an indentation, after it. */
function placeOf({ message, pos }: YAMLError, document: Document, text: string): number {
  if (!message.startsWith('Missing closing')) return pos[0] + (/^[ ]*/.exec(text.slice(pos[0]))?.[0].length ?? 0);
  let start = pos[0];
  visit(document, {
    Scalar: (_, { range, type }) => {
      if (range && type?.startsWith('QUOTE') && range[1] >= pos[0]) start = Math.min(start, range[0]);
    },
  });
  return start;
}

/** One YAML or JSON document, with the position of each of its parts in the file. */
export class SourceDocument implements Source<Node> {
  readonly #document: Document;
  readonly #text: FileText;
  readonly #targets = new Map<Alias, Node>();
  readonly #listed = new Map<YAMLSeq, readonly number[]>();
  readonly #mapped = new Map<YAMLMap, ReadonlyMap<string, Entry>>();
  #budget = maxNodes;
  /** Its YAML errors. */
  readonly problems: Problem[] = [];
  yaml: YamlVersion = '1.2';
  /** Moved entries, with their original paths. */
  readonly moved = new Map<unknown, FieldPath>();

  constructor(document: Document, text: FileText) {
    this.#document = document;
    this.#text = text;
    // Further errors are mostly consequences of the first.
    const [error] = document.errors;
    if (error) {
      const place = placeOf(error, document, text.text);
      this.#invalid(error.message.replace(/\.$/, ''), place, syntaxFix(error));
      return;
    }
    // Resolves aliases in one pass; the package searches the whole document for each.
    const anchors = new Map<string, Node>();
    const merges: Pair[] = [];
    visit(document, {
      Node: (_, node) => {
        const start = node.range?.[0] ?? 0;
        if (isAlias(node)) {
          const target = anchors.get(node.source);
          if (target) this.#targets.set(node, target);
          else this.#invalid(`the alias *${node.source} has no anchor before it`, start);
          return;
        }
        if (node.anchor) anchors.set(node.anchor, node);
        if (node.tag && !jsonTags.has(node.tag)) this.#invalid(`the tag ${node.tag} is not supported`, start);
      },
      Pair: (_, pair) => void (isMerge(pair.key) && merges.push(pair)),
    });
    for (const { key, value } of merges) {
      const from = this.resolve(value as Node | null);
      const sources = isSeq(from) ? (from.items as Node[]) : [from ?? value];
      // An alias without an anchor is reported as such.
      if (sources.every((source) => (isAlias(source) && !this.resolve(source)) || isMap(this.resolve(source as Node))))
        continue;
      this.#invalid('a merge key (<<) takes a mapping, or a list of mappings', (key as Node).range?.[0] ?? 0);
    }
  }

  /** The text of a value, before it is composed. */
  static tooLarge(text: FileText, offset: number): SourceDocument {
    const document = new SourceDocument(new Document(), text);
    const location = text.location(offset);
    document.problems.push({ rule: 'size', message: tooLong, location, severity: 'error' });
    return document;
  }

  #invalid(message: string, offset: number, fix?: string): void {
    const location = this.#text.location(offset);
    this.problems.push({ rule: 'syntax', message: `not valid YAML: ${message}`, location, fix, severity: 'error' });
  }

  get root(): Node | null {
    return this.#document.contents;
  }

  /** Whether the document is a single value, such as text or a number, and not a mapping or a list. */
  get isScalar(): boolean {
    return isScalar(this.resolve(this.root));
  }

  get isMapping(): boolean {
    return this.problems.length === 0 && isMap(this.resolve(this.root));
  }

  /** Whether there is something at a path of keys. */
  has(path: readonly string[]): boolean {
    let node: Node | null = this.root;
    for (const step of path) {
      const map = this.resolve(node);
      const entry = isMap(map) ? this.#named(map, step) : undefined;
      if (!entry) return false;
      node = entry.value;
    }
    return true;
  }

  /** Clears the caches after fields have moved. */
  fieldsMoved(): void {
    this.#mapped.clear();
    this.#listed.clear();
  }

  /** Sets the value of a top-level key to a text, or removes the key. */
  set(key: string, value: string | undefined): void {
    const root = this.resolve(this.root);
    if (!isMap<Node | null, Node | null>(root)) return;
    this.#mapped.delete(root);
    const found = root.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
    if (value === undefined) root.items = root.items.filter((pair) => pair !== found);
    else {
      const scalar = new Scalar(value);
      scalar.range = found?.value?.range ?? root.range ?? null;
      if (found) found.value = scalar;
      else root.items.push(new Pair<Node | null, Node | null>(new Scalar(key), scalar));
    }
  }

  /** The node that an alias stands for; any other node itself. */
  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? null) : node;
  }

  kind(node: Node | null): 'map' | 'list' | 'scalar' | undefined {
    const target = this.resolve(node);
    if (isMap(target)) return 'map';
    if (isSeq(target)) return 'list';
    return isScalar(target) ? 'scalar' : undefined;
  }

  /** The value of a scalar, which is a Date if YAML 1.1 reads a timestamp. */
  scalar(node: Node | null): ReadScalar | undefined {
    const target = this.resolve(node);
    if (!isScalar(target)) return undefined;
    const { source, type, tag, value } = target;
    const plain = type === 'PLAIN' && !tag && source !== undefined;
    return { value: plain && this.yaml === '1.1' ? scalar11(source) : value, text: source ?? '', plain };
  }

  /**
   * The entries of a mapping with merge keys (`<<`) expanded and keys as text.
   * @throws TooLarge if aliases or nesting make the document larger than any job
   */
  entries(node: Node | null, depth: number): Entry[] {
    const target = this.resolve(node);
    if (!isMap(target)) return [];
    this.#spend(target.items.length, depth);
    const own: Entry[] = [];
    const merged: Pair[] = [];
    for (const pair of target.items) {
      const keyNode = this.resolve(pair.key as Node | null);
      if (isMerge(keyNode)) merged.push(pair);
      else {
        const key = isScalar(keyNode) ? String(keyNode.type === 'PLAIN' ? keyNode.source : keyNode.value) : '';
        own.push({ key, keyNode: pair.key as Node, value: pair.value as Node | null, written: this.moved.get(pair) });
      }
    }
    if (merged.length === 0) return own;
    const keys = new Set(own.map(({ key }) => key));
    for (const { value } of merged) {
      const from = this.resolve(value as Node | null);
      for (const source of isSeq(from) ? (from.items as Node[]) : [from]) {
        for (const entry of this.entries(source, depth + 1)) {
          if (keys.has(entry.key)) continue;
          keys.add(entry.key);
          own.push(entry);
        }
      }
    }
    return own;
  }

  /** The items of a sequence; undefined for any other node. @throws TooLarge */
  items(node: Node | null, depth: number): (Node | null)[] | undefined {
    const target = this.resolve(node);
    if (!isSeq(target)) return undefined;
    this.#spend(target.items.length, depth);
    return target.items as (Node | null)[];
  }

  /** Whether a value is absent: missing or null. */
  isNull(node: Node | null): boolean {
    return isNull(this.resolve(node));
  }

  #spend(nodes: number, depth: number): void {
    this.#budget -= nodes;
    if (this.#budget < 0 || depth > maxDepth) throw new TooLarge();
  }

  location(node: Node | null | undefined): Location {
    return this.at(node?.range?.[0] ?? this.root?.range?.[0] ?? 0);
  }

  /** The position of a character in the file. */
  at(offset: number): Location {
    return this.#text.location(offset);
  }

  /** The text of a node as written. */
  textOf(node: Node | null): string {
    return node?.range ? this.#text.text.slice(node.range[0], node.range[1]) : '';
  }

  /**
   * The position of the field at `path`, and the path as the user spelled it. For a missing field, the innermost part
   * that exists. Field names match in lowerCamelCase and snake_case, and nulls in lists are not counted.
   */
  find(path: FieldPath, { key: ofKey = false } = {}): { location: Location; written: FieldPath; node: Node | null } {
    let node: Node | null = this.root;
    let found: Node | null = node;
    let written: (string | number)[] = [];
    for (const [depth, step] of path.entries()) {
      const target: Node | null = this.resolve(node);
      let spelled: string | number = step;
      let next: Node | null = null;
      if (typeof step === 'number' && isSeq(target)) {
        spelled = this.#places(target)[step] ?? step;
        next = (target.items[spelled] as Node | undefined) ?? null;
      } else if (typeof step === 'string' && isMap(target)) {
        const entry = this.#named(target, step);
        if (entry) {
          spelled = entry.key;
          if (entry.written) written = entry.written.slice(0, -1);
          if (entry.written) spelled = entry.written.at(-1) ?? spelled;
          const last = depth === path.length - 1;
          next = entry.value?.range && !(last && ofKey) ? entry.value : entry.keyNode;
        }
      }
      written.push(spelled);
      node = next;
      found = next ?? found;
    }
    return { location: this.location(found), written, node: found };
  }

  /** The indexes of list items that are not null. */
  #places(list: YAMLSeq): readonly number[] {
    let places = this.#listed.get(list);
    if (!places) {
      places = list.items.flatMap((item, i) => (this.isNull(item as Node | null) ? [] : [i]));
      this.#listed.set(list, places);
    }
    return places;
  }

  /** The entry of a mapping by its key, or else by its key in lowerCamelCase. Lookups are cached. */
  #named(map: YAMLMap, name: string): Entry | undefined {
    let byName = this.#mapped.get(map);
    if (!byName) {
      const budget = this.#budget;
      this.#budget = maxNodes;
      const entries = this.entries(map, 0).toReversed();
      this.#budget = budget;
      byName = new Map([
        ...entries.map((entry) => [camelCase(entry.key), entry] as const),
        ...entries.map((entry) => [entry.key, entry] as const),
      ]);
      this.#mapped.set(map, byName);
    }
    return byName.get(name);
  }
}

/** Problems with a text that cannot even be composed. */
const tooLong = 'is longer, or nested deeper, than can be read';

/** A text is larger, or nested deeper, than any sensible spec. */
export class TooLarge extends StatusError {
  /** The offset in the text. */
  readonly offset: number;

  constructor(offset = 0) {
    super('INVALID_ARGUMENT', 'is larger, or nested deeper, than can be read');
    this.offset = offset;
  }
}

/**
 * A part of a file's text, with the offsets of the lines of the file. (yaml's LineCounter misses those inside an unclosed
 * quote.)
 */
export class FileText {
  readonly #file: string;
  readonly #whole: string;
  /** Where the part begins. */
  readonly #start: number;
  readonly text: string;
  /** The offset of each line. */
  readonly #starts: number[] = [0];
  readonly #excerpts = new Map<number, string>();

  constructor(file: string, whole: string, part = { start: 0, end: whole.length }) {
    this.#file = file;
    this.#whole = whole;
    this.#start = part.start;
    this.text = whole.slice(part.start, part.end);
    for (let end = whole.indexOf('\n'); end >= 0; end = whole.indexOf('\n', end + 1)) this.#starts.push(end + 1);
  }

  /** @param offset in the part */
  location(offset: number): Location {
    const at = this.#start + Math.min(offset, this.text.length);
    let line = 1;
    for (let after = this.#starts.length + 1; after - line > 1;) {
      const middle = (line + after) >> 1;
      if ((this.#starts[middle - 1] ?? Infinity) <= at) line = middle;
      else after = middle;
    }
    return { file: this.#file, line, column: at - (this.#starts[line - 1] ?? 0) + 1, excerpt: this.#line(line) };
  }

  /** Computed once: a line may be long and have many problems. */
  #line(line: number): string {
    let text = this.#excerpts.get(line);
    if (text === undefined) {
      const end = this.#starts[line];
      text = this.#whole.slice(this.#starts[line - 1], end === undefined ? undefined : end - 1).replace(/\r$/, '');
      this.#excerpts.set(line, text);
    }
    return text;
  }
}

/**
 * The parser's output before composition, which is a recursive call for each level.
 * @throws TooLarge with the offset in the text
 */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    // The parser's stack has one entry for the document and one for the current token.
    if (++lexemes > maxLexemes || parser.stack.length > maxDepth + 2) throw new TooLarge(parser.offset);
  }
  yield* parser.end();
}

/**
 * The value of a YAML or JSON text that is not a resource, such as a file of flags.
 * @throws Error that says what is wrong and where
 */
export function parseValue(text: string): unknown {
  const lines = new LineCounter();
  try {
    Array.from(tokensOf(text, lines));
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const { line, col } = lines.linePos(error.offset);
    throw new Error(`it ${tooLong}, at line ${line}, column ${col}`, { cause: error });
  }
  return parse(text);
}

/** The documents of a YAML or JSON text, without empty ones. */
export const parseSource = (file: string, text: string): SourceDocument[] =>
  parseText(new FileText(file, text.replace(/^\uFEFF/, '')));

/** The same for a part of a file. */
export function parseText(fileText: FileText): SourceDocument[] {
  const lines = new LineCounter();
  const body = fileText.text;
  let tokens: CST.Token[];
  try {
    tokens = Array.from(tokensOf(body, lines));
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return [SourceDocument.tooLarge(fileText, error.offset)];
  }
  // The decoder reports repeated keys, with their field.
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, logLevel: 'silent', uniqueKeys: false });
  const documents = Array.from(composer.compose(tokens));
  return documents
    .map((document) => new SourceDocument(document, fileText))
    .filter(({ root, problems }) => !isNull(root) || problems.length > 0);
}
