import type { RuleId } from '../validation/rules.js';

/**
 * The language in which resources are declared, once. Types, decoding, the validation of single fields, the JSON
 * Schemas and the list of fields all derive from these declarations.
 */

/** The effect of a field on a local run. */
export type Effect =
  /** The same as in Cloud Run. */
  | 'same'
  /** Acts through a mapping in localrun.yaml; a job with an unmapped value does not start. */
  | 'mapped'
  /** Stored and returned; it never affects how a task runs. */
  | 'recorded'
  /** Stored and returned. It acts in Cloud Run and is ignored locally; a run lists such fields once. */
  | 'ignoredLocally'
  /** A job that sets it is rejected, as by the API. */
  | 'refused';

/**
 * A constraint on a single value: in the API's wording (`text`) and in a form for machines. An unset value satisfies
 * every constraint but `filled`. The empty string, and 0 in a field without presence, count as unset.
 */
export interface Constraint {
  id: RuleId;
  text: string;
  /** How to fix it, possibly depending on the value. */
  fix?: string | ((value: string) => string | undefined);
  /** Bounds of a number, of a duration in seconds, or of the items of a list or map. */
  min?: number;
  max?: number;
  /** For a string. */
  pattern?: RegExp;
  /** The length of a string in bytes of UTF-8. */
  maxBytes?: number;
  /** The allowed values, if the type allows more. */
  values?: readonly (string | boolean)[];
  /** The value must not be empty or 0. */
  filled?: true;
}

interface Common {
  doc: string;
  effect?: Effect;
  /** Set by the service only; ignored in input, as by the API. */
  output?: true;
  /** Always present: required in input, or always set by the service. */
  required?: true;
  /** The API's wording when a required field is missing. */
  missing?: string;
  /** What a missing required field means, if that is not a problem in itself. */
  unset?: string;
  /** Why a set value is rejected, or why it has no effect, which is reported. */
  refused?: string;
  ignored?: string;
  /** Values that are neither rejected nor reported, besides empty ones. */
  neutral?: readonly (string | number)[];
  /** A string that may be written as a number, as gcloud allows for a project number. */
  orNumber?: true;
  /** Permission bits, usually written in octal. */
  octal?: true;
  constraints?: readonly Constraint[];
}

export interface ScalarField extends Common {
  /** `any` is a google.protobuf.Any, `bytes` are base64. */
  kind: 'string' | 'bool' | 'int32' | 'int64' | 'duration' | 'timestamp' | 'bytes' | 'any';
}
export interface EnumField extends Common {
  kind: 'enum';
  name: string;
  /** The proto enum's names and numbers. */
  values: Readonly<Record<string, number>>;
}
export interface ListField extends Common {
  kind: 'list';
  of: Field;
}
export interface MapField extends Common {
  kind: 'map';
  /** The type of its values; string if unset. */
  of?: Field;
  keyConstraints?: readonly Constraint[];
  valueConstraints?: readonly Constraint[];
}
export interface MessageField extends Common {
  kind: 'message';
  message: Message;
  /** It may be a plain string instead. */
  orString?: true;
}
export type Field = ScalarField | EnumField | ListField | MapField | MessageField;

/** A message type. Each entry of `oneofs` names fields of which at most one may be set. */
export interface Message {
  /** As in the package google.cloud.run.v2; other packages are part of the name. */
  name: string;
  fields: Record<string, Field>;
  oneofs?: Readonly<Record<string, readonly string[]>>;
}

type RequiredKeys<F> = { [K in keyof F]: F[K] extends { required: true } ? K : never }[keyof F];
type Simplify<T> = { [K in keyof T]: T[K] };

/** The TypeScript type of a field's value in proto3 JSON. */
export type Value<F> = F extends { kind: 'enum'; values: infer V }
  ? keyof V & string
  : F extends { kind: 'list'; of: infer Of }
    ? Value<Of>[]
    : F extends { kind: 'message'; message: infer M }
      ? Infer<M> | (F extends { orString: true } ? string : never)
      : F extends { kind: 'map'; of: infer Of }
        ? Record<string, Value<Of>>
        : F extends { kind: 'map' }
          ? Record<string, string>
          : F extends { kind: 'bool' }
            ? boolean
            : F extends { kind: 'int32' }
              ? number
              : F extends { kind: 'any' }
                ? { '@type': string; [field: string]: unknown }
                : string;

/** The TypeScript type of a message in proto3 JSON. */
export type Infer<M> = M extends { fields: infer F }
  ? Simplify<
      { [K in RequiredKeys<F>]: Value<F[K]> } & { [K in Exclude<keyof F, RequiredKeys<F>>]?: Value<F[K]> | undefined }
    >
  : never;

type Options = Omit<Common, 'doc'>;
type Scalar<K extends ScalarField['kind'], O> = { kind: K; doc: string } & NoInfer<O>;

const scalar =
  <const K extends ScalarField['kind']>(kind: K) =>
  <const O extends Options = {}>(doc: string, options?: O): Scalar<K, O> =>
    ({ kind, doc, ...options }) as Scalar<K, O>;

export const string = scalar('string');
export const bool = scalar('bool');
export const int32 = scalar('int32');
/** A string in JSON, as proto3 JSON writes 64-bit integers. */
export const int64 = scalar('int64');
export const duration = scalar('duration');
export const timestamp = scalar('timestamp');
export const bytes = scalar('bytes');
export const any = scalar('any');

export const enumeration = <const V extends Readonly<Record<string, number>>, const O extends Options = {}>(
  name: string,
  values: V,
  doc: string,
  options?: O,
): { kind: 'enum'; name: string; values: NoInfer<V>; doc: string } & NoInfer<O> =>
  ({ kind: 'enum', name, values, doc, ...options }) as { kind: 'enum'; name: string; values: V; doc: string } & O;

export const list = <F extends Field, const O extends Options = {}>(
  of: F,
  doc: string,
  options?: O,
): { kind: 'list'; of: NoInfer<F>; doc: string } & NoInfer<O> =>
  ({ kind: 'list', of, doc, ...options }) as { kind: 'list'; of: F; doc: string } & O;

type MapOptions = Omit<MapField, 'kind' | 'doc'>;

/** map<string, string> */
export const map = <const O extends MapOptions = {}>(
  doc: string,
  options?: O,
): { kind: 'map'; doc: string } & NoInfer<O> => ({ kind: 'map', doc, ...options }) as { kind: 'map'; doc: string } & O;

/** A map whose values are not plain strings. */
export const mapOf = <F extends Field>(of: F, doc: string): { kind: 'map'; of: NoInfer<F>; doc: string } => ({
  kind: 'map',
  of,
  doc,
});

type MessageOptions = Omit<MessageField, 'kind' | 'doc' | 'message'>;

export const field = <M extends Message, const O extends MessageOptions = {}>(
  message: M,
  doc: string,
  options?: O,
): { kind: 'message'; message: NoInfer<M>; doc: string } & NoInfer<O> =>
  ({ kind: 'message', message, doc, ...options }) as { kind: 'message'; message: M; doc: string } & O;

export const message = <const F extends Record<string, Field>>(
  name: string,
  fields: F,
  oneofs?: Readonly<Record<string, readonly (keyof NoInfer<F> & string)[]>>,
): { name: string; fields: F } & Omit<Message, 'name' | 'fields'> => ({
  name,
  fields,
  ...(oneofs && { oneofs }),
});
