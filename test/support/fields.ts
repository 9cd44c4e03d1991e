import type { Field, Message } from '../../src/model/schema/field.js';

const innerOf = (field: Field | undefined): Field | undefined => (field?.kind === 'list' ? field.of : field);

/** The paths of the fields that a value sets, without list indexes and map keys. */
export function setFields(message: Message, value: object, at = ''): string[] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const inner = innerOf(message.fields[name]);
    const path = `${at}${name}`;
    if (inner?.kind !== 'message') return [path];
    const parts = (Array.isArray(part) ? part : [part]) as object[];
    return [path, ...parts.flatMap((item) => setFields(inner.message, item, `${path}.`))];
  });
}

/** The paths of the fields that a client may set, but for those that `without` says yes to. */
export function inputFields(message: Message, without: (name: string, field: Field) => boolean, at = ''): string[] {
  return Object.entries(message.fields).flatMap(([name, field]) => {
    if (field.output || without(`${message.name}.${name}`, field)) return [];
    const inner = innerOf(field);
    return [`${at}${name}`, ...(inner?.kind === 'message' ? inputFields(inner.message, without, `${at}${name}.`) : [])];
  });
}
