import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import type { Location, Problem } from '../errors.js';
import { camelCase, type Path } from '../path.js';

/** A job spec in a file may be this large, in bytes; the API's own request limit is not documented. */
export const maxSpecBytes = 1024 * 1024;

/** Nesting and size that no job needs, so that aliases cannot blow a small file up. */
const maxDepth = 64;
const maxNodes = 100_000;

export type Entry = { key: string; keyNode: Node; value: Node | null };

/** One YAML or JSON document with the means to say where in the file a part of it is. */
export class SourceDocument {
  readonly file: string;
  readonly #document: Document;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #targets = new Map<Alias, Node>();
  #budget = maxNodes;

  constructor(file: string, document: Document, text: string, lines: LineCounter) {
    this.file = file;
    this.#document = document;
    this.#text = text;
    this.#lines = lines;
    // Aliases resolved in one pass; the package looks through the whole document for each.
    const anchors = new Map<string, Node>();
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source);
          if (target) this.#targets.set(node, target);
        } else if (node.anchor) anchors.set(node.anchor, node);
      },
    });
  }

  /** Aliases whose anchor is not set before them. */
  unresolved(): Alias[] {
    const found: Alias[] = [];
    visit(this.#document, { Alias: (_, alias) => void (this.#targets.has(alias) || found.push(alias)) });
    return found;
  }

  get root(): Node | null {
    return this.#document.contents;
  }

  /** The node that an alias stands for; any other node itself. */
  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? null) : node;
  }

  /**
   * The entries of a mapping, merge keys (`<<`) expanded, keys as text.
   * @throws TooLarge when aliases or nesting make the document larger than any job can be.
   */
  entries(node: Node | null, depth: number): Entry[] {
    const target = this.resolve(node);
    if (!isMap(target)) return [];
    this.#spend(target.items.length, depth);
    const own: Entry[] = [];
    const merged: Entry[] = [];
    for (const { key, value } of target.items) {
      const keyNode = key as Node;
      const name = isScalar(keyNode) ? String(keyNode.value) : '';
      if (name !== '<<') own.push({ key: name, keyNode, value: value as Node | null });
      else {
        const from = this.resolve(value as Node | null);
        const sources = isSeq(from) ? (from.items as Node[]) : [from];
        for (const source of sources) merged.push(...this.entries(source, depth + 1));
      }
    }
    return [...own, ...merged.filter((entry) => !own.some(({ key }) => key === entry.key))];
  }

  /** The items of a sequence; undefined if the node is none. */
  items(node: Node | null, depth: number): (Node | null)[] | undefined {
    const target = this.resolve(node);
    if (!isSeq(target)) return undefined;
    this.#spend(target.items.length, depth);
    return target.items as (Node | null)[];
  }

  #spend(nodes: number, depth: number): void {
    this.#budget -= nodes;
    if (this.#budget < 0 || depth > maxDepth) throw new TooLarge();
  }

  location(node: Node | null | undefined): Location {
    return locationAt(this.file, this.#text, this.#lines, node?.range?.[0] ?? this.root?.range?.[0] ?? 0);
  }

  /**
   * Where the field at `path` is, and the path as the user spelled it; of a missing field, where the innermost
   * present part is. Field names match in lowerCamelCase and in snake_case.
   */
  find(path: Path): { location: Location; written: Path } {
    let node = this.root;
    const written: (string | number)[] = [];
    let missing = false;
    for (const step of path) {
      let spelled: string | number = step;
      let next: Node | null | undefined;
      if (!missing && typeof step === 'number') next = this.items(node, 0)?.[step];
      else if (!missing) {
        const entry = this.entries(node, 0).find(({ key }) => key === step || camelCase(key) === step);
        if (entry) spelled = entry.key;
        next = entry && (entry.value?.range ? entry.value : entry.keyNode);
      }
      written.push(spelled);
      if (next) node = next;
      else missing = true;
    }
    return { location: this.location(node), written };
  }
}

export class TooLarge extends Error {}

function locationAt(file: string, text: string, lines: LineCounter, offset: number): Location {
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  const start = lines.lineStarts[line - 1] ?? 0;
  const end = text.indexOf('\n', start);
  return { file, line, column: col, excerpt: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '') };
}

/** The documents of a YAML or JSON text, and what is wrong with its syntax. Empty documents are left out. */
export function parseSource(file: string, text: string): { documents: SourceDocument[]; problems: Problem[] } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const problems: Problem[] = [];
  const documents: SourceDocument[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const error of document.errors) {
      problems.push({
        message: `not valid YAML: ${error.message}`,
        location: locationAt(file, text, lines, error.pos[0]),
        severity: 'error',
      });
    }
    const { contents } = document;
    if (contents !== null && !(isScalar(contents) && contents.value === null)) {
      const source = new SourceDocument(file, document, text, lines);
      documents.push(source);
      for (const alias of source.unresolved()) {
        problems.push({
          message: `not valid YAML: the alias *${alias.source} has no anchor before it`,
          location: source.location(alias),
          severity: 'error',
        });
      }
    }
  }
  if (documents.length === 0 && problems.length === 0) {
    problems.push({ message: `${file} is empty: it holds no job`, severity: 'error' });
  }
  return { documents, problems };
}
