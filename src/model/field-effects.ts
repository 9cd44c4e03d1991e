import { type FieldPath } from './field-path.js';
import type { Effect, Field, Message } from './schema/field.js';
import { type JobInput, JobMessage } from './schema/job.js';

/**
 * The fields that a job sets and that have one of these effects in a local run. Only the outermost ones are returned.
 */
export function fieldsWithEffect(job: JobInput, effects: readonly Effect[]): FieldPath[] {
  const found: FieldPath[] = [];
  visit(JobMessage, job, [], (path, field) => {
    if (!field.effect || !effects.includes(field.effect)) return true;
    found.push(path);
    return false;
  });
  return found;
}

/** Calls `enter` for each field that is set; `enter` returns whether to descend into it. */
function visit(
  message: Message,
  value: object,
  at: FieldPath,
  enter: (path: FieldPath, field: Field) => boolean,
): void {
  for (const [name, field] of Object.entries(message.fields)) {
    const part: unknown = (value as Record<string, unknown>)[name];
    const empty = part === undefined || part === '' || part === false || (Array.isArray(part) && part.length === 0);
    if (empty || !enter([...at, name], field)) continue;
    if (field.kind === 'message') visit(field.message, part as object, [...at, name], enter);
    if (field.kind === 'list' && field.of.kind === 'message') {
      const { message: item } = field.of;
      (part as object[]).forEach((element, i) => visit(item, element, [...at, name, i], enter));
    }
  }
}

export interface DeclaredField {
  /** `template.template.containers[].image` */
  path: string;
  effect: Effect;
  doc: string;
}

/** Every field that a job can set, with its local effect. A field without one of its own has that of its parent. */
export const declaredFields = (): DeclaredField[] => declared(JobMessage, '', undefined);

function declared(message: Message, prefix: string, outer: Effect | undefined): DeclaredField[] {
  return Object.entries(message.fields).flatMap(([name, field]): DeclaredField[] => {
    if (field.output) return [];
    const item = field.kind === 'list' ? field.of : field;
    const path = `${prefix}${name}${field.kind === 'list' ? '[]' : ''}`;
    const own = field.refused === undefined ? field.effect : 'refused';
    const below = item.kind === 'message' ? declared(item.message, `${path}.`, own ?? outer) : [];
    return [{ path, effect: own ?? outer ?? 'same', doc: field.doc }, ...below];
  });
}
