import type { RuleId } from '../validation/rules.js';

/**
 * The language in which the resources are declared once. Types, decoding, validation of single fields, the list of
 * fields without a local effect and the documentation all derive from these declarations.
 */

/** What a field does to a job that runs here. */
export type Effect =
  /** Acts as it does in Cloud Run. */
  | 'same'
  /** Acts through what localrun.yaml has in its place; a job that sets what is not mapped does not run. */
  | 'mapped'
  /** Kept and returned; how a task runs does not depend on it. */
  | 'recorded'
  /** Kept and returned; it acts in Cloud Run and has no local effect, which a run says once. */
  | 'ignoredLocally'
  /** A job that sets it is refused, as by the API. */
  | 'refused';

/**
 * What a value has to be by itself, in the API's words (`text`) and in terms that machines read. An unset value, which
 * is also an empty string and the number 0 where the field has no presence, breaks none but `filled`.
 */
export interface Constraint {
  id: RuleId;
  text: string;
  /** What to do, which may depend on the value. */
  fix?: string | ((value: string) => string | undefined);
  /** Bounds of a number, of a duration in seconds, or of the items of a list or map. */
  min?: number;
  max?: number;
  /** Of a string. */
  pattern?: RegExp;
  /** The length of a string in bytes of UTF-8. */
  maxBytes?: number;
  /** The values allowed, where the type allows more. */
  values?: readonly (string | boolean)[];
  /** Neither empty nor 0. */
  filled?: true;
}

interface Common {
  doc: string;
  effect?: Effect;
  /** Set by the service only; ignored in input, as the API does. */
  output?: true;
  /** Always present: a must in input, or always set by the service. */
  required?: true;
  /** What the API says where a required field is missing. */
  missing?: string;
  /** What a required field is where it is missing, if that is no problem in itself. */
  unset?: string;
  /** Why a value that is set is refused, or why it does nothing, which is told. */
  refused?: string;
  ignored?: string;
  /** The values for which neither holds, besides those that are empty. */
  neutral?: readonly (string | number)[];
  /** A string that may be written as a number, as gcloud allows for a project number. */
  orNumber?: true;
  /** Permission bits, which people write in octal. */
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
  /** What its values are; strings if unset. */
  of?: Field;
  keyConstraints?: readonly Constraint[];
  valueConstraints?: readonly Constraint[];
}
export interface MessageField extends Common {
  kind: 'message';
  message: Message;
}
export type Field = ScalarField | EnumField | ListField | MapField | MessageField;

/** A message type; `oneofs` name sets of fields of which at most one may be set. */
export interface Message {
  /** As in the package google.cloud.run.v2, with the package's name where it is another. */
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
      ? Infer<M>
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

/** A map whose values are no plain strings. */
export const mapOf = <F extends Field>(of: F, doc: string): { kind: 'map'; of: NoInfer<F>; doc: string } => ({
  kind: 'map',
  of,
  doc,
});

export const field = <M extends Message, const O extends Options = {}>(
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
