import { UsageError } from '../../errors.js';
import { parseTime } from './date.js';
import { parseIsoDuration } from './measures.js';
import { empty, isMap, text } from './python.js';
import { expression } from './transforms.js';

const subject = '--filter';

/** Whether the value at a key matches one of several operands. */
export type Match = (value: unknown) => boolean;

/**
 * The test that a filter's operator stands for; of a list, one matching item is enough. `now` is in ms since 1970, for times such as `-P1D`.
 * @throws UsageError
 */
export function matcher(operator: string, operands: readonly string[], now: number): Match {
  const tests = operands.map((operand) => comparison(operator, operand, now));
  return (value) => {
    const items: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
    return items.some((item) => tests.some((test) => test(item)));
  };
}

function comparison(operator: string, operand: string, now: number): Match {
  switch (operator) {
    case ':':
      return words(operand, has(operand), now);
    case '=':
    case '!=': {
      const equal = words(operand, new RegExp(`^${literal(operand)}$`, 'imu'), now);
      return operator === '=' ? equal : (item) => !equal(item);
    }
    case '~':
    case '!~': {
      const pattern = expression(operand, subject);
      const wanted = operator === '~';
      return (item) => typeof item !== 'object' && pattern.test(text(item ?? '')) === wanted;
    }
    default:
      return (item) => {
        const order = compared(item, operand, now);
        if (order === undefined) return false;
        return (operator.startsWith('<') ? order < 0 : order > 0) || (operator.endsWith('=') && order === 0);
      };
  }
}

/** Text without the differences of case and accents. */
const normal = (value: string): string => value.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '');

const literal = (operand: string): string =>
  normal(operand)
    .replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
    .replaceAll(String.raw`\-`, '-');

/** `abc`: contains; `abc*`, `*abc`, `a*c`: begins with, ends with, or both. */
function has(operand: string): RegExp {
  if (operand === '*') return /./u;
  const parts = operand.split('*').map(literal);
  if (parts.length > 2) throw new UsageError(`argument ${subject}: at most one * in ${operand}`);
  const [head = '', tail] = parts;
  const pattern = tail === undefined ? head : `${head && `^${head}`}.*${tail && `${tail}$`}`;
  return new RegExp(pattern, 'imu');
}

/** Tests a value, the names and values of a map, or the items of a list in a list. */
function words(operand: string, pattern: RegExp, now: number): Match {
  const number = numberOf(operand);
  const one = (value: unknown): boolean => {
    if (value === undefined || value === null) return operand === '' || (operand !== '*' && pattern.test('null'));
    if (value === operand) return true;
    if (typeof value === 'number' || typeof value === 'boolean') {
      const truth = { false: 0, true: 1 }[operand.toLowerCase()];
      if (Number(value) === number || Number(value) === truth) return true;
    }
    const time = timeOf(value);
    if (time !== undefined && time === operandTime(operand, now)) return true;
    return pattern.test(normal(text(value)));
  };
  return (value) => {
    if (isMap(value)) return Object.entries(value).flat().some(one);
    return Array.isArray(value) ? value.some(one) : one(value);
  };
}

function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** Compares numbers and times by value, everything else as text; undefined if the two cannot be compared. */
function compared(item: unknown, operand: string, now: number): number | undefined {
  const number = { false: 0, true: 1 }[operand.toLowerCase()] ?? numberOf(operand);
  const own = numberOf(item);
  if (number !== undefined && own !== undefined) return own - number;
  if (typeof item === 'object' && item !== null) return undefined;
  const time = timeOf(item);
  if (time !== undefined) {
    const bound = operandTime(operand, now);
    if (bound === undefined)
      throw new UsageError(
        `argument ${subject}: ${operand} is not a time`,
        'write a time as 2026-11-24T09:05:07Z, 2026-11-24, or -P1D for a day ago',
      );
    return time - bound;
  }
  if (empty(item) && operandTime(operand, now) !== undefined && number === undefined) return undefined;
  const shown = text(item ?? '');
  return shown < operand ? -1 : shown > operand ? 1 : 0;
}

const timeOf = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/.test(value) ? parseTime(value) : undefined;

/** A time, or a duration from now: `-P1D` is a day ago. */
function operandTime(operand: string, now: number): number | undefined {
  const seconds = parseIsoDuration(operand);
  return seconds === undefined ? parseTime(operand) : now + seconds * 1000;
}

/** Whether any value of a resource contains a word; names of fields do not count. */
export function contains(word: string): Match {
  const wanted = word.toLowerCase();
  const test: Match = (value) => {
    if (typeof value === 'object' && value !== null) return Object.values(value).some(test);
    return !empty(value) && text(value).toLowerCase().includes(wanted);
  };
  return test;
}
