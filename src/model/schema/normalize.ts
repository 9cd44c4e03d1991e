import type { Field, Infer, Message } from './field.js';

/** Fields for which the API distinguishes zero from unset: optional in the proto, or in a oneof with content. */
const explicit: ReadonlySet<string> = new Set([
  'maxRetries',
  'gpuZonalRedundancyDisabled',
  'value',
  'useDefault',
  'policy',
]);

type Json = Record<string, unknown>;

/**
 * The part of a client's resource that the API stores. Output-only fields are dropped, and so are zero values, which
 * proto3 JSON does not distinguish from unset ones. A message that is set stays even if it becomes empty.
 */
export const normalize = <M extends Message>(message: M, value: Infer<M>): Infer<M> =>
  keptMessage(message, value) as Infer<M>;

function keptMessage({ fields }: Message, value: Json): Json {
  const result: Json = {};
  for (const [name, field] of Object.entries(fields)) {
    const part = value[name];
    if (field.output || part === undefined || part === null) continue;
    const kept = keptField(field, part);
    if (!isZero(name, field, kept)) result[name] = kept;
  }
  return result;
}

function keptField(field: Field, value: unknown): unknown {
  if (field.kind === 'message') return keptMessage(field.message, value as Json);
  if (field.kind === 'list') return (value as unknown[]).map((item) => keptField(field.of, item));
  return value;
}

/** Whether a field has its default value, which proto3 JSON leaves out. */
export function isZero(name: string, field: Field, value: unknown): boolean {
  if (explicit.has(name)) return false;
  if (field.kind === 'list') return (value as unknown[]).length === 0;
  if (field.kind === 'map') return Object.keys(value as object).length === 0;
  if (field.kind === 'enum') return field.values[value as string] === 0;
  return value === '' || value === 0 || value === false || (field.kind === 'int64' && value === '0');
}
