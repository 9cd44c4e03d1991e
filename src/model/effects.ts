import { type Path } from './path.js';
import type { Effect, Field, Message } from './schema/field.js';
import { type JobInput, JobMessage } from './schema/job.js';

/** The fields that a job sets and that have one of these effects on a job that runs here, outermost only. */
export function fieldsWithEffect(job: JobInput, effects: readonly Effect[]): Path[] {
  const found: Path[] = [];
  visit(JobMessage, job, [], (path, field) => {
    if (!field.effect || !effects.includes(field.effect)) return true;
    found.push(path);
    return false;
  });
  return found;
}

/** Calls `enter` for every field that is set; it says whether to look inside. */
function visit(message: Message, value: object, at: Path, enter: (path: Path, field: Field) => boolean): void {
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
