import type { EnumField, Field } from '../schema/field.js';
import { durationSeconds, parseGcloudDuration } from '../time.js';

/** A scalar as written, and as YAML reads it. */
export interface Written {
  value: unknown;
  /** The text in the file, unless it is quoted. */
  plain: string | undefined;
  /** The rules to apply: gcloud's for v1, those of proto3 JSON for v2. */
  reader: 'gcloud' | 'proto';
}

/** A scalar and anything odd about it, or what it should have been. */
export type Scalar =
  | { value: string | number | boolean; odd?: { rule: 'decimal-mode'; message: string; fix: string } }
  | { expected: string; fix?: string | undefined; rule: 'type' | 'enum' | 'leading-zero'; payload: string };

/** Types in the notation of the API's JSON front end. */
export const protoType = (field: Field): string => {
  switch (field.kind) {
    case 'duration':
      return 'type.googleapis.com/google.protobuf.Duration';
    case 'timestamp':
      return 'type.googleapis.com/google.protobuf.Timestamp';
    case 'enum':
      return `type.googleapis.com/${qualified(field.name)}`;
    case 'message':
      return `type.googleapis.com/${qualified(field.message.name)}`;
    case 'map':
      return 'Map';
    default:
      return `TYPE_${field.kind.toUpperCase()}`;
  }
};
const qualified = (name: string): string => (name.startsWith('google.') ? name : `google.cloud.run.v2.${name}`);

/** Reads a scalar as the value of a field. Neither reader turns a number or a boolean into a string. */
export function readScalar(written: Written, field: Field): Scalar {
  const { value } = written;
  const wrong = (expected: string, fix?: string, detail?: string): Scalar => ({
    expected,
    fix,
    rule: field.kind === 'enum' ? 'enum' : 'type',
    payload: `Invalid value at '%s' (${protoType(field)}), ${detail ?? shown(value)}`,
  });
  switch (field.kind) {
    case 'string':
    case 'timestamp':
    case 'bytes':
      if (typeof value === 'string') return { value };
      if (field.orNumber && typeof value === 'number' && written.plain) return { value: written.plain };
      if (value === null) return wrong('a string', 'write "" for an empty one');
      return wrong('a string', written.plain === undefined ? undefined : `quote it: ${JSON.stringify(written.plain)}`);
    case 'bool':
      if (typeof value === 'boolean') return { value };
      return wrong('true or false', typeof value === 'string' ? booleanFixes.get(value.toLowerCase()) : undefined);
    case 'int32':
    case 'int64':
      return readInteger(written, field, wrong);
    case 'duration':
      return readDuration(value, wrong);
    case 'enum':
      return readEnum(written, field, wrong);
    default:
      return wrong('another value');
  }
}

const booleanFixes: ReadonlyMap<string, string> = new Map([
  ['true', 'write it without quotes: true'],
  ['false', 'write it without quotes: false'],
  ...['yes', 'y', 'on'].map((word) => [word, 'write true'] as const),
  ...['no', 'n', 'off'].map((word) => [word, 'write false'] as const),
]);

type Wrong = (expected: string, fix?: string, detail?: string) => Scalar;

function readInteger({ value, plain, reader }: Written, field: Field, wrong: Wrong): Scalar {
  const whole = 'a whole number';
  if (typeof value === 'number' && plain !== undefined && /^[-+]?0\d/.test(plain) && reader === 'proto') {
    const octal = /^0[0-7]+$/.test(plain) ? Number.parseInt(plain, 8) : Number(plain);
    const fix =
      octal === Number(plain) ? `write ${octal}` : `write ${octal} (octal ${plain}), or ${Number(plain)} (decimal)`;
    return { ...wrong('a number without a leading zero', fix), rule: 'leading-zero' };
  }
  const digits = typeof value === 'string' ? asDigits(value, reader) : Number.isInteger(value) ? String(value) : '';
  if (!/^-?\d+$/.test(digits)) {
    const seconds = typeof value === 'string' ? parseGcloudDuration(value) : undefined;
    const octal = /^0o([0-7]+)$/.exec(String(value))?.[1];
    if (octal !== undefined) return wrong(whole, `write 0${octal}: YAML 1.1, which gcloud reads, has no 0o`);
    return wrong(whole, Number.isInteger(seconds) ? `write the number of seconds: ${seconds}` : undefined);
  }
  const exact = BigInt(digits);
  const bits = field.kind === 'int32' ? 31n : 63n;
  if (exact >= 2n ** bits || exact < -(2n ** bits)) return wrong(`${whole} of ${bits + 1n} bits`);
  if (field.kind === 'int64') return { value: exact.toString() };
  const number = Number(exact);
  const leadingZero = typeof value === 'string' && /^0[0-7]/.test(value.trim());
  if (field.octal && (leadingZero || (plain === digits && looksOctal(number)))) {
    const octal = Number.parseInt(digits, 8);
    const message = `${leadingZero ? 'a quoted number' : 'this'} is decimal: ${number} is 0${number.toString(8)} in octal`;
    return {
      value: number,
      odd: { rule: 'decimal-mode', message, fix: `write ${octal}, which is octal 0${octal.toString(8)}` },
    };
  }
  return { value: number };
}

/** Whether a decimal number was more likely meant as octal permission bits: 444, 644. */
const looksOctal = (mode: number): boolean =>
  [400, 440, 444].includes(mode) || (mode > 511 && /^[0-7]{3}$/.test(String(mode)));

/** gcloud reads a quoted number with Python's int(), which accepts a sign and spaces; proto3 JSON does not. */
const asDigits = (text: string, reader: Written['reader']): string =>
  reader === 'gcloud'
    ? text
        .trim()
        .replace(/^\+/, '')
        .replaceAll(/(?<=\d)_(?=\d)/g, '')
    : text;

function readDuration(value: unknown, wrong: Wrong): Scalar {
  if (typeof value === 'string' && durationSeconds(value) !== undefined) return { value };
  const seconds = parseGcloudDuration(String(value));
  return wrong(
    'a duration in seconds',
    seconds === undefined ? 'end it with s, e.g. "600s"' : `write "${seconds}s"`,
    "Illegal duration format; duration must end with 's'",
  );
}

function readEnum({ value, reader }: Written, field: EnumField, wrong: Wrong): Scalar {
  const names = Object.keys(field.values);
  const allowed = field.constraints?.[0]?.values ?? names;
  const name = typeof value === 'number' && reader === 'proto' ? names.find((n) => field.values[n] === value) : value;
  if (typeof name === 'string' && Object.hasOwn(field.values, name)) return { value: name };
  return wrong(`one of ${allowed.filter((n) => !String(n).endsWith('_UNSPECIFIED')).join(', ')}`);
}

/** A value for a message, shortened if it is long. */
export function shown(value: unknown): string {
  const text = (value instanceof Date ? value.toISOString() : JSON.stringify(value)) ?? 'null';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
