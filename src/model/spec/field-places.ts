import { folded, type FieldPath } from '../field-path.js';
import type { Field, Message } from '../schema/field.js';
import { JobMessage } from '../schema/job.js';
import { JobV1Message } from '../v1/schema.js';
import type { Mapping } from '../v1/convert.js';
import { jobMappings } from '../v1/mapping.js';

export type Version = 'v1' | 'v2';

/** The place of a field; `*` stands for any list item. */
export interface Place {
  parent: FieldPath;
  name: string;
  /** Unset for a key of an open map, such as an annotation. */
  field?: Field | undefined;
  /** The value has another form in this place than in the place that the name is from. */
  converted?: boolean;
  /** What must be set along with it. */
  besides?: string | undefined;
}

export const rootOf: Readonly<Record<Version, Message>> = { v1: JobV1Message, v2: JobMessage };

/** Probes of services, which jobs do not have. */
const serviceProbes = new Set(['livenessProbe', 'readinessProbe']);

type Index = ReadonlyMap<string, readonly Place[]>;

function indexOf(places: Iterable<Place & { as?: string }>): Index {
  const index = new Map<string, Place[]>();
  for (const { as, ...place } of places) {
    const key = folded(as ?? place.name);
    index.set(key, [...(index.get(key) ?? []), place]);
  }
  return index;
}

function* fieldsOf(message: Message, parent: FieldPath): Generator<Place> {
  for (const [name, field] of Object.entries(message.fields)) {
    if (field.output || field.refused !== undefined || field.ignored !== undefined || serviceProbes.has(name)) continue;
    yield { parent, name, field };
    const of = field.kind === 'list' ? field.of : field;
    const at = field.kind === 'list' ? [...parent, name, '*'] : [...parent, name];
    if (of.kind === 'message') yield* fieldsOf(of.message, at);
    if (of.kind !== 'map') continue;
    for (const key of of.keyConstraints?.flatMap(({ values = [] }) => values) ?? []) {
      if (typeof key === 'string') yield { parent: at, name: key };
    }
  }
}

interface Pair extends Record<Version, FieldPath> {
  converted: boolean;
  besides?: string | undefined;
}

/** The places where both versions hold the same value: from the mappings, and from what is converted separately. */
function* pairsOf(mappings: readonly Mapping[], v1: FieldPath, v2: FieldPath): Generator<Pair> {
  for (const mapping of mappings) {
    const here = { v1: [...v1, ...mapping.v1], v2: [...v2, ...mapping.v2] };
    const [driver] = Object.values(mapping.v1With ?? {});
    yield {
      ...here,
      converted: mapping.toV2 !== undefined || driver !== undefined,
      besides: typeof driver === 'string' ? `the driver ${driver}` : undefined,
    };
    if (mapping.inner) yield* pairsOf(mapping.inner, here.v1, here.v2);
    if (mapping.each) yield* pairsOf(mapping.each, [...here.v1, '*'], [...here.v2, '*']);
  }
}

const annotation = (name: string): FieldPath => [
  'spec',
  'template',
  'metadata',
  'annotations',
  `run.googleapis.com/${name}`,
];
const task: FieldPath = ['template', 'template'];
const pairs: Pair[] = [
  ...pairsOf(jobMappings, [], []),
  { v1: annotation('container-dependencies'), v2: [...task, 'containers', '*', 'dependsOn'], converted: true },
  { v1: annotation('vpc-access-connector'), v2: [...task, 'vpcAccess'], converted: true },
];

const last = (path: FieldPath): string => String(path.at(-1));

const fieldAt = (version: Version, path: FieldPath): Field | undefined =>
  own[version].get(folded(last(path)))?.find(({ parent, name }) => same([...parent, name], path))?.field;
const same = (a: FieldPath, b: FieldPath): boolean => a.length === b.length && a.every((step, i) => step === b[i]);

const own: Readonly<Record<Version, Index>> = {
  v1: indexOf([
    ...fieldsOf(JobV1Message, []),
    // A key of an open map.
    ...pairs.flatMap(({ v1 }) =>
      v1.includes('volumeAttributes') ? [{ parent: v1.slice(0, -1), name: last(v1) }] : [],
    ),
  ]),
  v2: indexOf(fieldsOf(JobMessage, [])),
};

/** Where a version has what the other calls `name`. */
const others: Readonly<Record<Version, Index>> = { v1: namedAs('v2', 'v1'), v2: namedAs('v1', 'v2') };

function namedAs(from: Version, to: Version): Index {
  const named = pairs.filter((paths) => last(paths.v1) !== last(paths.v2));
  return indexOf(
    named.map(({ converted, besides, ...paths }) => ({
      parent: paths[to].slice(0, -1),
      name: last(paths[to]),
      field: fieldAt(to, paths[to]),
      converted,
      ...(to === 'v1' && { besides }),
      as: last(paths[from]),
    })),
  );
}

/**
 * The places of fields with this name, in the version itself or under the other version's name. Spelling is ignored.
 */
export const placesOf = (version: Version, name: string, names: 'own' | 'other'): readonly Place[] =>
  (names === 'own' ? own : others)[version].get(folded(name)) ?? [];

/** The number of levels up, and then down, from one message to another. */
export function between(from: FieldPath, to: FieldPath): { up: number; down: number } {
  let shared = 0;
  while (shared < from.length && shared < to.length && alike(from[shared], to[shared])) shared++;
  return { up: levels(from.slice(shared)), down: levels(to.slice(shared)) };
}
const levels = (path: FieldPath): number => path.filter((step) => typeof step === 'string' && step !== '*').length;
const alike = (here: string | number | undefined, there: string | number | undefined): boolean =>
  here === there || (typeof here === 'number' && there === '*');

/** A place as seen from a message: list items are those that contain the message. */
export const seenFrom = (from: FieldPath, to: FieldPath): FieldPath =>
  to.map((step, i) => (step === '*' && to.slice(0, i).every((s, k) => alike(from[k], s)) ? (from[i] ?? step) : step));
