import { parseTime } from './date.js';
import { text } from './python.js';

const suffixes = 'KMGTP';
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** The bytes of a unit, which is a number or begins with a letter such as `M`. */
function unitSize(unit: string | undefined): number {
  const number = Number(unit);
  if (unit && number > 0) return number;
  const power = unit ? suffixes.indexOf((unit[0] ?? '').toUpperCase()) : -1;
  return 1024 ** (power + 1);
}

/** gcloud's `size()`: bytes in a readable form. */
export function formatSize(value: unknown, named: Readonly<Record<string, string>>): string {
  if (!value) return named['zero'] ?? '0';
  const least = Number(named['min'] ?? 0);
  const precision = Number(named['precision'] ?? 1);
  const given = Number(value) || 0;
  let size = Math.max(given, least) * unitSize(named['units_in']);
  const out = named['units_out'];
  if (out && /^[kmgtp]/i.test(out)) return (size / unitSize(out)).toFixed(precision);
  let power = 0;
  for (; size >= 1024 && power < units.length - 1; power++) size /= 1024;
  const shown = Number.isInteger(size) ? String(size) : size.toFixed(precision);
  return `${given < least ? '< ' : ''}${shown} ${units[power]}`;
}

/** gcloud's `float()`: a number of significant digits, or printf's `e`, `f` and `g`. */
export function formatFloat(value: unknown, precision: number, spec: string | undefined): string | undefined {
  const number = typeof value === 'number' ? value : Number.parseFloat(String(value));
  if (Number.isNaN(number) || Number.isNaN(Number(value))) return undefined;
  if (spec === 'f') return number.toFixed(precision);
  if (spec === 'e') return exponent(number.toExponential(precision));
  const digits = number.toPrecision(Math.max(1, precision));
  if (Math.abs(number) >= 1e9) return exponent(digits.replace(/\.?0+(?=e|$)/, ''));
  const short = String(Number(digits));
  return spec === undefined && /^-?\d+$/.test(short) ? `${short}.0` : short;
}

const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** The seconds of a number, of ISO 8601's `PT1H`, or of the API's `600s`. */
export function secondsOf(value: unknown, unit: number): number | undefined {
  const shown = text(value ?? '');
  if (/^-?\d+(\.\d+)?$/.test(shown)) return Number(shown) / unit;
  if (/^-?\d+(\.\d+)?s$/.test(shown)) return Number(shown.slice(0, -1));
  return parseIsoDuration(shown);
}

const isoUnits: readonly [letter: string, seconds: number][] = [
  ['Y', 365.2422 * 86400],
  ['M', 30.43685 * 86400],
  ['W', 604800],
  ['D', 86400],
];

/** The seconds of a duration such as `-P1DT2H`, in upper or lower case; undefined for anything else. */
export function parseIsoDuration(text: string): number | undefined {
  const number = String.raw`(\d+(?:\.\d+)?)`;
  const date = isoUnits.map(([letter]) => `(?:${number}${letter})?`).join('');
  const time = `(?:T(?:${number}H)?(?:${number}M)?(?:${number}S)?)?`;
  const found = new RegExp(`^([+-]?)P(?=.)${date}${time}$`, 'i').exec(text);
  if (!found) return undefined;
  const sizes = [...isoUnits.map(([, seconds]) => seconds), 3600, 60, 1];
  const sum = sizes.reduce((total, seconds, i) => total + seconds * Number(found[i + 2] ?? 0), 0);
  return found[1] === '-' ? -sum : sum;
}

/** The seconds between two times; without an end, until now. */
export function secondsBetween(start: unknown, end: unknown, now: number): number | undefined {
  const [from, to] = [parseTime(start), end ? parseTime(end) : now];
  return from === undefined || to === undefined ? undefined : (to - from) / 1000;
}

/** gcloud's `duration()`: ISO 8601 with at most `parts` parts, the last of them with `precision` digits. */
export function formatDuration(seconds: number, named: Readonly<Record<string, string>>): string {
  const parts = Number(named['parts'] ?? 3);
  const precision = Number(named['precision'] ?? 3);
  const calendar = !/^(false|no|0)$/i.test(named['calendar'] ?? '');
  const days = calendar ? isoUnits.filter(([letter]) => letter === 'Y' || letter === 'D') : [];
  let rest = Math.abs(seconds);
  let text = '';
  let shown = 0;
  const take = (letter: string, size: number): void => {
    const amount = letter === 'S' ? Number(rest.toFixed(precision)) : Math.floor(rest / size);
    if (shown > 0 || amount > 0) shown++;
    if (shown > parts || amount === 0) return;
    rest -= amount * size;
    text += `${amount}${letter}`;
  };
  for (const [letter, size] of days) take(letter, size);
  const beforeTime = text;
  text = '';
  for (const [letter, size] of [
    ['H', 3600],
    ['M', 60],
    ['S', 1],
  ] as const)
    take(letter, size);
  const whole = beforeTime + (text && `T${text}`);
  return whole === '' ? 'P0' : `${seconds < 0 ? '-' : ''}P${whole}`;
}
