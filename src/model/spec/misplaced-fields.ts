import { isMap, isScalar, isSeq, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Remedy } from '../errors.js';
import { nearest } from '../names.js';
import { camelCase, folded, formatPath, type FieldPath } from '../field-path.js';
import type { Field, Message } from '../schema/field.js';
import type { LocatedViolation } from './decode.js';
import { foreignField } from './foreign-fields.js';
import { between, type Place, placesOf, rootOf, seenFrom, type Version } from './field-places.js';
import type { SourceDocument } from './source-document.js';

/**
 * Reports every misplaced field with the place where it belongs, and moves it there in the document, so that the rest
 * is checked as if it had been there all along.
 */
export function moveMisplacedFields(source: SourceDocument, version: Version): LocatedViolation[] {
  const mover = new Mover(source, version);
  mover.message(source.root, rootOf[version], { path: [], written: [] });
  source.fieldsMoved();
  return mover.found;
}

type Entry = Pair<Node | null, Node | null>;
type Entries = YAMLMap<Node | null, Node | null>;

/** A place by the schema, and as spelled in the file. */
interface At {
  path: FieldPath;
  written: FieldPath;
}

/** Names that people give to levels of a job. */
const levelNames = new Set(['spec', 'template', 'job', 'metadata', 'task', 'execution', 'resource', 'jobTemplate']);

/** An entry, and the place to move it to. */
interface Leaving {
  pair: Entry;
  to: Place;
}

/** What to do with a key that is not a field. */
type Verdict =
  | { to: Place }
  | { renamed: string; kept: boolean; fix: string }
  | { unwrapped: Entries }
  | { fix: Remedy | undefined };

class Mover {
  readonly found: LocatedViolation[] = [];
  readonly #source: SourceDocument;
  readonly #version: Version;
  readonly #seen = new Set<Node>();

  constructor(source: SourceDocument, version: Version) {
    this.#source = source;
    this.#version = version;
  }

  message(node: Node | null, message: Message, at: At): void {
    const map = this.#mapping(node);
    if (!map || this.#seen.has(map)) return;
    this.#seen.add(map);
    this.#sortOut(map, message, at);
    for (const pair of map.items) {
      const name = this.#nameOf(this.#keyOf(pair), message);
      const field = name === undefined ? undefined : message.fields[name];
      if (name === undefined || !field) continue;
      const inside = this.#inside(at, name, pair);
      this.#listed(pair, field, inside);
      this.#value(pair.value, field, inside);
    }
  }

  #value(node: Node | null, field: Field, at: At): void {
    if (field.output) return;
    if (field.kind === 'message') this.message(node, field.message, at);
    if (field.kind !== 'list' || field.of.kind !== 'message') return;
    const target = this.#source.resolve(node);
    if (!isSeq(target)) this.message(node, field.of.message, { ...at, path: [...at.path, 0] });
    else {
      for (const [i, item] of target.items.entries()) {
        this.message(item as Node | null, field.of.message, { path: [...at.path, i], written: [...at.written, i] });
      }
    }
  }

  /** Turns a mapping of names and values into a list, as other tools write their variables. */
  #listed(pair: Entry, field: Field, { path, written }: At): void {
    const map = this.#mapping(pair.value);
    if (!map || field.kind !== 'list' || field.of.kind !== 'message') return;
    const { message } = field.of;
    const isOne = map.items.some((item) => this.#nameOf(this.#keyOf(item), message) !== undefined);
    if (isOne || map.items.length === 0 || !message.fields['name'] || !message.fields['value']) return;
    const [first] = map.items.map(
      (item) => `{name: ${this.#keyOf(item) ?? ''}, value: ${this.#source.textOf(item.value)}}`,
    );
    this.found.push({
      path: [...path, ''],
      written,
      rule: 'type',
      description: 'must be a list, got a mapping',
      location: this.#source.location(pair.key),
      fix: `write it as a list: [${first}${map.items.length > 1 ? ', …' : ''}]`,
    });
    const list = madeAt(new YAMLSeq<Node | null>(), pair);
    for (const item of map.items) {
      const variable = madeAt(new YAMLMap<Node | null, Node | null>(), item);
      for (const [key, value] of [
        ['name', item.key],
        ['value', item.value],
      ] as const) {
        const part = new Pair<Node | null, Node | null>(madeAt(new Scalar(key), item), value);
        this.#source.moved.set(part, [...written, this.#keyOf(item) ?? '']);
        variable.items.push(part);
      }
      list.items.push(variable);
    }
    pair.value = list;
  }

  #inside({ path, written }: At, name: string, pair: Entry): At {
    return { path: [...path, name], written: this.#source.moved.get(pair) ?? [...written, this.#keyOf(pair) ?? name] };
  }

  #mapping(node: Node | null): Entries | undefined {
    const target = this.#source.resolve(node);
    return isMap<Node | null, Node | null>(target) ? target : undefined;
  }

  /** A key as text; undefined for a merge key or a key that is not text. */
  #keyOf({ key }: Entry): string | undefined {
    const target = this.#source.resolve(key);
    if (!isScalar(target) || (target.type === 'PLAIN' && target.value === '<<')) return undefined;
    return String(target.type === 'PLAIN' ? target.source : target.value);
  }

  #has(map: Entries, name: string | number | undefined): boolean {
    return map.items.some((pair) => this.#keyOf(pair) === name);
  }

  #nameOf(key: string | undefined, { fields }: Message): string | undefined {
    if (key === undefined) return undefined;
    const names = this.#version === 'v1' ? [key] : [key, camelCase(key)];
    return names.find((name) => Object.hasOwn(fields, name));
  }

  /** Leaves only the fields of `message` in a mapping. */
  #sortOut(map: Entries, message: Message, at: At): void {
    const kept: Entry[] = [];
    const leaving = new Map<string, Leaving[]>();
    const queue = map.items.toReversed();
    for (let pair = queue.pop(); pair; pair = queue.pop()) {
      const key = this.#keyOf(pair);
      if (key === undefined || this.#nameOf(key, message) !== undefined) {
        kept.push(pair);
        continue;
      }
      const verdict = this.#judge(key, pair.value, message, at.path, map);
      if ('to' in verdict) {
        const where = [...verdict.to.parent, verdict.to.name === key ? '' : key].join('\n');
        leaving.set(where, [...(leaving.get(where) ?? []), { pair, to: verdict.to }]);
      } else if ('unwrapped' in verdict) {
        const where = at.path.length > 0 ? shown(at.path) : 'the top level';
        this.#report(at, pair, message, `remove this level and move its contents to ${where}`);
        const level = this.#inside(at, key, pair);
        for (const inner of verdict.unwrapped.items) {
          this.#source.moved.set(inner, this.#inside(level, '', inner).written);
        }
        queue.push(...verdict.unwrapped.items.toReversed());
      } else {
        this.#report(at, pair, message, verdict.fix);
        const isSet =
          'renamed' in verdict && [...map.items, ...kept].some((one) => this.#keyOf(one) === verdict.renamed);
        if ('renamed' in verdict && verdict.kept && !isSet) {
          kept.push(this.#rename(pair, verdict.renamed, this.#inside(at, key, pair).written));
        }
      }
    }
    map.items = kept;
    for (const group of leaving.values()) this.#move(group, message, at, map);
  }

  #report(at: At, pair: Entry, { name }: Message, fix: Remedy | undefined): void {
    this.found.push({
      ...this.#inside(at, this.#keyOf(pair) ?? '', pair),
      rule: 'unknown-field',
      description: `unknown field of ${name.split('.').at(-1) ?? ''}`,
      location: this.#source.location(pair.key),
      fix,
    });
  }

  #judge(key: string, value: Node | null, message: Message, at: FieldPath, map: Entries): Verdict {
    const same = Object.keys(message.fields).find((name) => folded(name) === folded(key));
    if (same !== undefined) return { renamed: same, kept: true, fix: `did you mean ${same}?` };
    const own = this.#nearest(placesOf(this.#version, key, 'own'), value, at, map, true);
    const inner = levelNames.has(key) ? this.#mapping(value) : undefined;
    if (inner) {
      const unwrapped = this.#fit(this.#within(inner, message), message);
      const moved = own?.field?.kind === 'message' ? this.#fit(inner, own.field.message) : 0;
      if (unwrapped > 0.5 && unwrapped >= moved) return { unwrapped: inner };
    }
    const other = this.#nearest(placesOf(this.#version, key, 'other'), value, at, map);
    const { say, as = '' } = foreignField(key, this.#version);
    const meant =
      this.#nearest(placesOf(this.#version, as, 'own'), undefined, at, map) ??
      this.#nearest(placesOf(this.#version, as, 'other'), undefined, at, map);
    const isMeant =
      own && meant && distance(at, meant) === 0 && this.#listFit(value, meant) > this.#listFit(value, own);
    if (own && !isMeant && (!other || distance(at, other) > 0)) return { to: own };
    if (say !== undefined) return { fix: say };
    if (meant) return called(meant, at, 'Cloud Run');
    if (other) return called(other, at, this.#version);
    const near = nearest(key, Object.keys(message.fields));
    const field = near === undefined ? undefined : message.fields[near];
    if (near === undefined || !field) return { fix: fieldsOf(message) };
    return { renamed: near, kept: this.#fits(value, field, false), fix: `did you mean ${near}?` };
  }

  /** The closest place that the value fits, considering `names`; undefined if two are equally close. */
  #nearest(
    places: readonly Place[],
    value: Node | null | undefined,
    at: FieldPath,
    map: Entries,
    names = false,
  ): Place | undefined {
    const ranked = places
      .filter(({ field }) => value === undefined || !field || this.#fits(value, field, names))
      .map((place) => ({ ...place, parent: seenFrom(at, place.parent) }))
      // Neither one of our ancestors, nor some item of a distant list.
      .filter(({ parent, name }) => ![...parent, name].every((step, i) => at[i] === step))
      .filter((place) => !place.parent.includes('*') || distance(at, place) <= 2)
      .map((place) => ({ place, cost: distance(at, place) + this.#newLevels(at, place.parent, map) }))
      .toSorted((a, b) => a.cost - b.cost);
    const [first, second] = ranked;
    return first && (!second || first.cost < second.cost) ? first.place : undefined;
  }

  /** The cost of one step down, higher if it leads to a level that does not exist yet. */
  #newLevels(at: FieldPath, to: FieldPath, map: Entries): number {
    const { up, down } = between(at, to);
    if (down === 0) return 0;
    return up === 0 && this.#has(map, to[at.length]) ? 0.25 : 0.5;
  }

  /** Whether a value has the form of a field and, if `names` count, whether most of its names match. */
  #fits(node: Node | null, field: Field, names: boolean): boolean {
    const target = this.#source.resolve(node);
    if (this.#source.isNull(target)) return true;
    if (field.kind === 'message') {
      return isMap(target) && (!names || target.items.length === 0 || this.#fit(target, field.message) >= 0.5);
    }
    if (field.kind === 'map') return isMap(target);
    if (field.kind !== 'list') return isScalar(target);
    const { of } = field;
    if (of.kind !== 'message') return isSeq(target) || isScalar(target);
    const [first] = isSeq(target) ? (target.items as (Node | null)[]) : [target];
    return first === undefined || (names ? this.#fit(first, of.message) >= 0.5 : this.#mapping(first) !== undefined);
  }

  /** The share of the first item's names that belong to the list's message. */
  #listFit(node: Node | null, { field }: Place): number {
    const target = this.#source.resolve(node);
    if (!isSeq(target) || field?.kind !== 'list' || field.of.kind !== 'message') return 0;
    return this.#fit(target.items[0] as Node | null, field.of.message);
  }

  /** The content of levels that a message does not have. */
  #within(node: Entries, message: Message): Entries {
    const [only, second] = node.items;
    const key = only && this.#keyOf(only);
    if (!only || second || key === undefined || !levelNames.has(key) || this.#nameOf(key, message)) return node;
    const inner = this.#mapping(only.value);
    return inner && inner !== node ? this.#within(inner, message) : node;
  }

  /** The share of a mapping's names that a message has, from 0 to 1. */
  #fit(node: Node | null, message: Message): number {
    const count = { known: 0, all: 0 };
    this.#count(node, message, count);
    return count.all === 0 ? 0 : count.known / count.all;
  }

  #count(node: Node | null, message: Message, count: { known: number; all: number }): void {
    for (const pair of this.#mapping(node)?.items ?? []) {
      // A sample is enough.
      if (count.all > 100) return;
      const name = this.#nameOf(this.#keyOf(pair), message);
      const field = name === undefined ? undefined : message.fields[name];
      count.all++;
      // A name from another place counts half.
      if (!field) count.known += this.#isKnown(this.#keyOf(pair)) ? 0.5 : 0;
      if (!field) continue;
      count.known++;
      if (field.kind === 'message') this.#count(pair.value, field.message, count);
      const list = this.#source.resolve(pair.value);
      if (field.kind !== 'list' || field.of.kind !== 'message' || !isSeq(list)) continue;
      for (const item of list.items.slice(0, 3)) this.#count(item as Node | null, field.of.message, count);
    }
  }

  #isKnown(key = ''): boolean {
    return placesOf(this.#version, key, 'own').length > 0 || placesOf(this.#version, key, 'other').length > 0;
  }

  #rename(pair: Entry, name: string, written: FieldPath): Entry {
    const renamed: Entry = new Pair<Node | null, Node | null>(madeAt(new Scalar(name), pair), pair.value);
    this.#source.moved.set(renamed, written);
    return renamed;
  }

  /** Moves entries of one mapping to the place that they share, and reports it once. */
  #move(leaving: readonly Leaving[], message: Message, at: At, from: Entries): void {
    const [first] = leaving;
    if (!first) return;
    const { parent, name, field } = first.to;
    const others = leaving.slice(1).map(({ pair }) => this.#keyOf(pair));
    const what = ['it', ...others].join(', ').replace(/, ([^,]*)$/, ' and $1');
    const as = this.#keyOf(first.pair) === name ? '' : `, as ${name}`;
    const where = `${shown(parent) || 'the top level'}${as}`;
    const { up, down } = between(at.path, parent);
    const below = parent.slice(at.path.length);
    const way = down === 0 ? 'up ' : up === 0 ? 'down ' : '';
    const missing = below.length === 1 ? 'a level is missing' : 'levels are missing';
    let fix = `move ${what} ${way}to ${where}`;
    if (parent.at(-1) === '*') fix = `move ${what} into an item of ${shown(parent.slice(0, -1))}`;
    else if (up === 0 && !this.#has(from, below[0])) fix = `put ${what} under ${shown(below)}${as}: ${missing} here`;
    const target = this.#open(parent, first.pair);
    if (target && this.#has(target, name)) {
      const isOpen = field?.kind === 'message' || field?.kind === 'map';
      fix = isOpen
        ? `move its contents ${way}to ${shown([...parent, name])}`
        : `remove it here: it belongs to ${where}, which already has it`;
    }
    this.#report(at, first.pair, message, fix);
    if (!target) return;
    for (const { pair, to } of leaving) {
      const { written } = this.#inside(at, to.name, pair);
      this.#put(target, as ? this.#rename(pair, to.name, written) : pair, written);
      if (to.field) this.#value(pair.value, to.field, { path: [...parent, to.name], written });
    }
  }

  /** Puts an entry into a mapping; if the key exists, adds only what is missing there. */
  #put(target: Entries, pair: Entry, written: FieldPath): void {
    const name = this.#keyOf(pair);
    const there = target.items.find((other) => this.#keyOf(other) === name);
    if (!there) {
      this.#source.moved.set(pair, written);
      target.items.push(pair);
      return;
    }
    const [into, from] = [this.#mapping(there.value), this.#mapping(pair.value)];
    if (!into || !from || into === from) return;
    for (const inner of from.items) this.#put(into, inner, [...written, this.#keyOf(inner) ?? '']);
  }

  /** The mapping at a path, with missing levels created; undefined if something else is in the way. */
  #open(path: FieldPath, cause: Entry): Entries | undefined {
    let node: Node | null = this.#source.resolve(this.#source.root);
    for (const step of path) {
      let next: Node | null | undefined;
      const map = this.#mapping(node);
      if (typeof step === 'number' && isSeq(node)) next = node.items[step] as Node | undefined;
      else if (typeof step === 'string' && step !== '*' && map) {
        const there = map.items.find((pair) => this.#keyOf(pair) === step);
        next = there?.value;
        if (!next || this.#source.isNull(next)) {
          next = madeAt(new YAMLMap<Node | null, Node | null>(), cause);
          if (there) there.value = next;
          else map.items.push(new Pair<Node | null, Node | null>(madeAt(new Scalar(step), cause), next));
        }
      }
      if (!next) return undefined;
      node = this.#source.resolve(next);
    }
    return this.#mapping(node);
  }
}

/** A node with the position of `cause` in the file. */
function madeAt<N extends Node>(node: N, { key }: Entry): N {
  node.range = key?.range ?? null;
  return node;
}

/** Annotations whose values have another form than the field. */
const examples: Readonly<Record<string, string>> = {
  'run.googleapis.com/container-dependencies': `'{"app":["proxy"]}'`,
  'run.googleapis.com/encryption-key': 'projects/P/locations/L/keyRings/R/cryptoKeys/K',
  'run.googleapis.com/execution-environment': 'gen2',
  'run.googleapis.com/gpu-zonal-redundancy-disabled': "'true'",
  'run.googleapis.com/launch-stage': 'BETA',
  'run.googleapis.com/network-interfaces': `'[{"network":"default","subnetwork":"default"}]'`,
  'run.googleapis.com/vpc-access-connector': 'CONNECTOR',
  'run.googleapis.com/vpc-access-egress': 'all-traffic',
};

/** What to do with a field that has another name than the one that was written. */
function called(place: Place, at: FieldPath, who: string): Verdict {
  const { parent, name, converted, besides } = place;
  const it = besides ? `${name}, with ${besides}` : name;
  if (parent.at(-1) === 'annotations') {
    const example = examples[name];
    return {
      fix: `set it as an annotation in ${shown(parent)}: ${name}${example === undefined ? '' : `: ${example}`}`,
    };
  }
  if (distance(at, place) > 0) {
    return { fix: `write ${it} in ${shown(parent) || 'the top level'}, as ${who} has it` };
  }
  return { renamed: name, kept: !converted, fix: `write ${it}, as ${who} calls it` };
}

/** The levels between a message and a place. */
function distance(at: FieldPath, { parent }: Place): number {
  const { up, down } = between(at, parent);
  return up + down;
}

/** A path with `*` for list items. */
const shown = (path: FieldPath): string =>
  formatPath(path.map((step) => (step === '*' ? -1 : step))).replaceAll('[-1]', '[]');

/** The fields of a message, if they fit in one line. */
function fieldsOf({ fields }: Message): string | undefined {
  const names = Object.entries(fields).flatMap(([name, { output, refused, ignored }]) =>
    output || refused !== undefined || ignored !== undefined ? [] : [name],
  );
  return names.length > 0 && names.length <= 14 ? `the fields here are ${names.join(', ')}` : undefined;
}
