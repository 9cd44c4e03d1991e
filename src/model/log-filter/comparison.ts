import { severities } from '../log-entry.js';
import { regularExpression } from '../regular-expression.js';
import { durationSeconds } from '../time.js';
import { isMap, type Literal, setAt, type Test, valuesAt, type Wrong } from './fields.js';

/** Longer operators come before their own prefixes. */
export const operators = ['=~', '!~', '!=', '<=', '>=', '=', '<', '>', ':'] as const;
export type Operator = (typeof operators)[number];

/**
 * Whether the value of an entry at a path stands in a relation to a literal. If there is no value, no relation holds,
 * including `!=` and `!~`.
 * @throws StatusError INVALID_ARGUMENT
 */
export function comparison(path: readonly string[], operator: Operator, literal: Literal, wrong: Wrong): Test {
  if (operator === ':' && literal.text === '*' && !literal.quoted) return (entry) => setAt(entry, path).length > 0;
  const positive = operator === '!=' ? '=' : operator === '!~' ? '=~' : operator;
  const matches = relation(path, positive, literal, wrong);
  const wanted = positive === operator;
  return (entry) => {
    const values = valuesAt(entry, path);
    return values.length > 0 && values.some(matches) === wanted;
  };
}

/** Whether any text of an entry contains this text. */
export const containing =
  (text: string): Test =>
  (entry) =>
    has(entry, text);

type Matches = (value: unknown) => boolean;

function relation(path: readonly string[], operator: Operator, literal: Literal, wrong: Wrong): Matches {
  if (operator === '=~') {
    const expression = regularExpression(literal.text, (problem) => wrong(problem));
    return (value) => !isMap(value) && expression.test(String(value));
  }
  const kind = kinds[path.join('.')];
  if (kind) {
    const bound = kind.number(literal.text);
    if (bound === undefined) throw wrong(`${literal.text} is not a valid ${kind.name}`, kind.fix);
    return (value) => {
      const number = kind.number(String(value));
      return number !== undefined && stands(number - bound, operator);
    };
  }
  if (operator === ':') return (value) => named(value, literal.text) || has(value, literal.text);
  return (value) => {
    const order = compared(value, literal);
    return order !== undefined && stands(order, operator);
  };
}

/** Fields whose type is neither text nor JSON, with the number by which each value is compared. */
const kinds: Readonly<
  Record<string, { name: string; fix?: string; number: (text: string) => number | undefined } | undefined>
> = {
  severity: { name: 'severity', fix: `severities are ${severities.join(', ')}`, number: severityNumber },
  timestamp: { name: 'time', fix: 'write a time as "2026-11-24T09:05:07Z" or "2026-11-24"', number: timeNumber },
  'httpRequest.latency': { name: 'duration', fix: 'write a duration as "1.5s"', number: durationSeconds },
  'httpRequest.status': { name: 'number', number: numberOf },
  'httpRequest.requestSize': { name: 'number', number: numberOf },
  'httpRequest.responseSize': { name: 'number', number: numberOf },
};

/** google.logging.type.LogSeverity numbers them in steps of a hundred. */
function severityNumber(text: string): number | undefined {
  const index = severities.findIndex((severity) => severity === text.toUpperCase());
  return index < 0 ? numberOf(text) : index * 100;
}

/** In ms, to the fraction that was written. UTC if there is no offset. */
function timeNumber(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:(T\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/i.exec(text);
  if (!match) return undefined;
  const [, date, time = 'T00:00', fraction = '', offset = 'Z'] = match;
  const seconds = Date.parse(`${date}${time}${offset}`);
  return Number.isNaN(seconds) ? undefined : seconds + Number(`0${fraction}`) * 1000;
}

function numberOf(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function stands(order: number, operator: Operator): boolean {
  if (operator === '=' || operator === ':') return order === 0;
  return (operator.startsWith('<') ? order < 0 : order > 0) || (operator.endsWith('=') && order === 0);
}

/** Negative if the value sorts first; undefined for values without an order. Case is ignored. */
function compared(value: unknown, { text, quoted }: Literal): number | undefined {
  if (value === null) return text === 'NULL_VALUE' && !quoted ? 0 : undefined;
  if (typeof value === 'string') {
    const [own, other] = [value.toLowerCase(), text.toLowerCase()];
    return own < other ? -1 : own > other ? 1 : 0;
  }
  const number = { true: 1, false: 0 }[text.toLowerCase()] ?? numberOf(text);
  return isMap(value) || number === undefined ? undefined : Number(value) - number;
}

/** Whether a map has this key. */
const named = (value: unknown, text: string): boolean =>
  isMap(value) && Object.keys(value).some((key) => key.toLowerCase() === text.toLowerCase());

/** Whether a value, or a text in it, contains this text. Numbers and booleans must be equal. */
function has(value: unknown, text: string): boolean {
  if (isMap(value)) return Object.values(value).some((item) => has(item, text));
  if (typeof value === 'string') return value.toLowerCase().includes(text.toLowerCase());
  return value !== undefined && compared(value, { text, quoted: false }) === 0;
}
