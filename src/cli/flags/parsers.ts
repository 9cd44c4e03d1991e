import { StatusError } from '../../model/errors.js';
import { UsageError } from '../errors.js';
import { parseGcloudDuration } from '../../model/time.js';

const argument = (flag: string, problem: string): UsageError => new UsageError(`argument ${flag}: ${problem}`);

/** gcloud's grammar of flag values (observed: gcloud 578). `^DELIM^` at the beginning of a value replaces the comma. */
function split(flag: string, text: string): string[] {
  const custom = /^\^(.*?)\^/s.exec(text);
  if (custom?.[1] === '') {
    throw argument(flag, `Invalid delimiter in ${text}: write it between two ^, as in ^;^a;b`);
  }
  const body = custom ? text.slice(custom[0].length) : text;
  // gcloud's parser drops a `--`, even behind `=`.
  if (body === '' || text === '--') return [];
  const items = body.split(custom?.[1] ?? ',');
  if (items.at(-1) === '') items.pop();
  return items;
}

/** A parser of a list flag. If the flag is repeated, the last one counts; values may be repeated. */
export const lastListFlag =
  (flag: string) =>
  (text: string): string[] =>
    split(flag, text);

/** A parser of a list flag; the flag may be repeated, a value may not. */
export const listFlag =
  (flag: string) =>
  (text: string, previous: readonly string[] = []): string[] => {
    const items = [...previous, ...split(flag, text)];
    const twice = items.find((item, i) => items.indexOf(item) < i);
    if (twice !== undefined) throw argument(flag, `"${twice}" cannot be specified multiple times`);
    return items;
  };

/** A parser of a KEY=VALUE flag; within one flag the last of equal keys wins, repeated flags may not share keys. */
export const dictFlag =
  (flag: string) =>
  (text: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const own = new Map<string, string>();
    for (const item of split(flag, text)) {
      const equals = item.indexOf('=');
      if (equals < 0) throw argument(flag, `Bad syntax for dict arg: [${item}]. Write KEY=VALUE.`);
      const key = item.slice(0, equals).trim();
      if (key === '') throw argument(flag, `Invalid flag value [${item}]`);
      own.set(key, item.slice(equals + 1));
    }
    for (const [key, value] of own) {
      if (!Object.hasOwn(previous, key)) continue;
      throw argument(flag, `"${key}" cannot be specified multiple times; received: ${previous[key]}, ${value}`);
    }
    return { ...previous, ...Object.fromEntries(own) };
  };

/** A parser of an integer flag that is at least `min`. */
export const integerFlag =
  (flag: string, min: number) =>
  (text: string): number => {
    // Python's syntax.
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(text)) throw argument(flag, `Value must be an integer; received: ${text}`);
    const value = Number(text.replaceAll('_', ''));
    if (value < min) throw argument(flag, `Value must be greater than or equal to ${min}; received: ${text}`);
    return value;
  };

/** A parser of a duration flag of at least a second; the result is a proto JSON duration in whole seconds. */
export const durationFlag =
  (flag: string) =>
  (text: string): string => {
    const seconds = parseGcloudDuration(text);
    if (seconds === undefined)
      throw argument(flag, `${JSON.stringify(text)} is not a duration such as 600, 10m5s, 1.5h`);
    if (seconds < 1) throw argument(flag, `value must be greater than or equal to 1s; received: ${text}`);
    // gcloud's argument parser accepts it; the command refuses it.
    if (!Number.isInteger(seconds)) {
      const problem = `value must be a whole number of seconds; received: ${text}`;
      throw new StatusError('INVALID_ARGUMENT', `argument ${flag}: ${problem}`);
    }
    return `${seconds}s`;
  };
