import type { Field, Message } from '../model/schema/field.js';
import { ExecutionMessage, JobMessage, TaskMessage } from '../model/schema/job.js';
import { isZero } from '../model/schema/normalize.js';

/** How enums are written. */
export type Enums = 'names' | 'numbers';

type Json = Record<string, unknown>;

/** What an operation may hold as a google.protobuf.Any. */
const anyTypes: Readonly<Record<string, Message>> = Object.fromEntries(
  [JobMessage, ExecutionMessage, TaskMessage].map((message) => [
    `type.googleapis.com/google.cloud.run.v2.${message.name}`,
    message,
  ]),
);

/** A message as the API writes it in proto3 JSON: only the fields of its schema, and no default values. */
export function toJson(message: Message, value: object, enums: Enums = 'names'): Json {
  const result: Json = {};
  const given = value as Json;
  for (const name in message.fields) {
    const field = message.fields[name];
    const part = given[name];
    if (field === undefined || part === undefined || part === null) continue;
    const written = fieldToJson(field, part, enums);
    if (!isZero(name, field, part)) result[name] = written;
  }
  return result;
}

function fieldToJson(field: Field, value: unknown, enums: Enums): unknown {
  switch (field.kind) {
    case 'message':
      return toJson(field.message, value as object, enums);
    case 'list': {
      const { of } = field;
      return of.kind === 'message' || of.kind === 'enum'
        ? (value as unknown[]).map((item) => fieldToJson(of, item, enums))
        : value;
    }
    case 'enum':
      return enums === 'numbers' ? (field.values[value as string] ?? value) : value;
    case 'any': {
      const { '@type': type, ...rest } = value as { '@type': string };
      const message = anyTypes[type];
      return { '@type': type, ...(message ? toJson(message, rest, enums) : rest) };
    }
    default:
      return value;
  }
}
