import { LocalFileMessage } from '../local/schema.js';
import type { EnumField, Field, MapField, Message, Constraint } from './field.js';
import { JobMessage } from './job.js';
import { type RuleId, validationRules } from '../validation/rules.js';
import { JobV1Message } from '../v1/schema.js';

/** A JSON Schema, draft 7, which editors support best. */
type Schema = Record<string, unknown>;

/**
 * The published schemas. They hold what an editor can check in a file: types, names and constraints on single values.
 */
export const jsonSchemas = (): Record<'job' | 'job.v1' | 'localrun', Schema> => ({
  job: jsonSchema(JobMessage, 'Cloud Run job, Admin API v2', true),
  'job.v1': jsonSchema(JobV1Message, 'Cloud Run job, v1 (gcloud run jobs replace)', false),
  localrun: jsonSchema(LocalFileMessage, 'localrun.yaml', false),
});

/** @param proto whether the input is proto3 JSON, in which an enum may be a number */
function jsonSchema(message: Message, title: string, proto: boolean): Schema {
  const writer = new Writer(proto);
  const { $ref } = writer.reference(message);
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, $ref, definitions: writer.definitions };
}

class Writer {
  readonly definitions: Record<string, Schema> = {};
  readonly #names = new Map<Message, string>();
  readonly #proto: boolean;

  constructor(proto: boolean) {
    this.#proto = proto;
  }

  reference(message: Message): { $ref: string } {
    let name = this.#names.get(message);
    if (name === undefined) {
      // Two messages can have the same name: startup probes and the probes of services have different bounds.
      name = message.name;
      for (let i = 2; Object.hasOwn(this.definitions, name); i++) name = `${message.name}${i}`;
      this.#names.set(message, name);
      this.definitions[name] = {};
      this.definitions[name] = this.#message(message);
    }
    return { $ref: `#/definitions/${name}` };
  }

  #message({ fields, oneofs = {} }: Message): Schema {
    const properties: Record<string, Schema> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (field.refused === undefined || field.neutral) properties[name] = this.#property(field);
    }
    const required = Object.entries(fields)
      .filter(([, field]) => !field.output && field.unset === undefined && (field.required || hasToBeFilled(field)))
      .map(([name]) => name);
    const both = Object.values(oneofs).flatMap((names) =>
      names.flatMap((name, i) => names.slice(i + 1).map((other) => ({ required: [name, other] }))),
    );
    return {
      type: 'object',
      properties,
      additionalProperties: false,
      ...(required.length > 0 && { required }),
      ...(both.length > 0 && { not: { anyOf: both } }),
    };
  }

  #property(field: Field): Schema {
    const description = [field.doc, field.ignored && `Ignored: ${field.ignored}.`].filter(Boolean).join(' ');
    const about = { ...(description && { description }) };
    if (field.output) return { ...about, readOnly: true };
    const schema = this.#value(field);
    if (field.required) return { ...about, ...schema };
    // Null means unset.
    if (Array.isArray(schema['enum'])) return { ...about, ...schema, enum: [...(schema['enum'] as unknown[]), null] };
    const { type } = schema;
    if (type === undefined) return { ...about, anyOf: [schema, { type: 'null' }] };
    return { ...about, ...schema, type: [type, 'null'].flat() };
  }

  #value(field: Field): Schema {
    if (field.neutral) return { enum: ['', ...field.neutral] };
    const checks = constraintSchema(field.constraints, field.kind);
    switch (field.kind) {
      case 'message':
        return field.orString
          ? { anyOf: [{ type: 'string' }, this.reference(field.message)] }
          : this.reference(field.message);
      case 'list':
        return { type: 'array', items: this.#value(field.of), ...checks };
      case 'map':
        return field.of ? { type: 'object', additionalProperties: this.#value(field.of) } : mapSchema(field, checks);
      case 'enum':
        return { enum: this.#enumValues(field) };
      case 'bool':
        return { type: 'boolean', ...checks };
      case 'int32':
      case 'int64':
        return { type: ['integer', 'string'], pattern: '^[-+]?[0-9]+$', ...checks };
      case 'duration':
        return { type: 'string', pattern: String.raw`^-?\d+(\.\d{1,9})?s$` };
      case 'any':
        return { type: 'object' };
      default:
        return { type: field.orNumber ? ['string', 'integer'] : 'string', ...checks };
    }
  }

  #enumValues({ values, constraints }: EnumField): (string | number)[] {
    const allowed = constraints?.find(({ id, values: some }) => isError(id) && some)?.values;
    const names = Object.keys(values).filter((name) => !allowed || allowed.includes(name));
    return this.#proto ? [...names, ...names.flatMap((name) => values[name] ?? [])] : names;
  }
}

const hasToBeFilled = ({ constraints }: Field): boolean => constraints?.some(({ id, filled }) => filled && isError(id)) === true;

const isError = (rule: RuleId): boolean => validationRules[rule].severity === 'error';

function mapSchema({ keyConstraints, valueConstraints }: MapField, checks: Schema): Schema {
  const keys = constraintSchema(keyConstraints, 'string');
  return {
    type: 'object',
    additionalProperties: { type: 'string', ...constraintSchema(valueConstraints, 'string') },
    ...(Object.keys(keys).length > 0 && { propertyNames: keys }),
    ...checks,
  };
}

/**
 * The part of a JSON Schema that checks the constraints of one value. The empty string and 0 count as unset, unless the
 * value must be filled.
 */
function constraintSchema(constraints: readonly Constraint[] = [], kind: Field['kind']): Schema {
  const errors = constraints.filter(({ id }) => isError(id));
  const filled = errors.some((constraint) => constraint.filled);
  const all: Schema[] = errors.map(({ min, max, pattern, values }) => {
    if (kind === 'list') return present({ minItems: min, maxItems: max });
    if (kind === 'map') return present({ minProperties: min, maxProperties: max });
    if (kind === 'int32' || kind === 'int64') {
      return present({ minimum: min === 1 && !filled ? 0 : min, maximum: max });
    }
    const source = pattern && (filled || pattern.test('') ? pattern.source : `^$|${pattern.source}`);
    return present({ enum: values && (filled ? values : [...new Set([...values, ''])]), pattern: source });
  });
  if (kind === 'string' && filled) all.push({ minLength: 1 });
  const own = all.filter((schema) => Object.keys(schema).length > 0);
  // A schema can hold only one pattern.
  const [first = {}, ...others] = own;
  const clash = others.some((schema) => Object.keys(schema).some((key) => key in first));
  return clash ? { allOf: own } : Object.assign({}, ...own);
}

const present = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
