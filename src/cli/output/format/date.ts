/** The parts of a time in a zone, by the names of Intl. */
function partsOf(date: Date, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    weekday: 'long',
    timeZoneName: 'short',
  });
  return Object.fromEntries(format.formatToParts(date).map(({ type, value }) => [type, value]));
}

const months = 'January February March April May June July August September October November December'.split(' ');
const weekdays = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

/** The ms since 1970 of a time in the API's form, or of a date; undefined for anything else. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}(-\d\d){0,2}([ T]\d\d:\d\d.*)?$/.test(value)) return undefined;
  const ms = Date.parse(
    /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00` : value.replace(' ', 'T').replace(/ (?:UTC|GMT)$/, 'Z'),
  );
  return Number.isNaN(ms) ? undefined : ms;
}

/** A valid time zone: UTC for an unknown one, this machine's for LOCAL. */
function zoneOf(tz: string): string {
  if (tz === 'LOCAL') return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: tz }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

/**
 * A time, or seconds since 1970, by a pattern of strftime, by default `%Y-%m-%dT%H:%M:%S`, in UTC or the zone `tz`
 * (LOCAL: this machine's). Undefined for anything that is not a time.
 */
export function formatDate(time: unknown, pattern = '%Y-%m-%dT%H:%M:%S', tz = 'UTC', unit = 1): string | undefined {
  const isNumber = time !== '' && typeof time !== 'boolean' && !Number.isNaN(Number(time ?? Number.NaN));
  const ms = isNumber ? (Number(time) / unit) * 1000 : parseTime(time);
  if (ms === undefined) return undefined;
  const parts = partsOf(new Date(ms), zoneOf(tz));
  const { year = '', month = '', day = '', hour = '', minute = '', second = '', weekday = '' } = parts;
  const name = months[Number(month) - 1] ?? '';
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offset = Math.round((local - ms) / 60_000);
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const fraction = (/\.(\d+)/.exec(isNumber ? (ms / 1000).toFixed(6) : String(time))?.[1] ?? '').padEnd(6, '0');
  const hour12 = Number(hour) % 12 || 12;
  const fields: Record<string, string> = {
    Y: year,
    y: year.slice(-2),
    m: month,
    d: day,
    e: String(Number(day)).padStart(2),
    j: String((Date.UTC(Number(year), Number(month) - 1, Number(day)) - Date.UTC(Number(year), 0)) / 86_400_000 + 1),
    H: hour,
    k: String(Number(hour)).padStart(2),
    I: two(hour12),
    l: String(hour12).padStart(2),
    p: Number(hour) < 12 ? 'AM' : 'PM',
    M: minute,
    S: second,
    f: fraction.slice(0, 6),
    b: name.slice(0, 3),
    h: name.slice(0, 3),
    B: name,
    a: weekday.slice(0, 3),
    A: weekday,
    u: String(weekdays.indexOf(weekday) + 1),
    w: String((weekdays.indexOf(weekday) + 1) % 7),
    Z: parts['timeZoneName'] ?? '',
    z: zone.replace(':', ''),
    s: String(Math.floor(ms / 1000)),
    n: '\n',
    t: '\t',
    '%': '%',
  };
  fields['j'] = (fields['j'] ?? '').padStart(3, '0');
  const compound: Readonly<Record<string, string>> = {
    F: '%Y-%m-%d',
    T: '%H:%M:%S',
    X: '%H:%M:%S',
    D: '%m/%d/%y',
    x: '%m/%d/%y',
    R: '%H:%M',
    c: '%a %b %e %H:%M:%S %Y',
  };
  return pattern
    .replaceAll(/%([FTXDxRc])/g, (_, letter: string) => compound[letter] ?? '')
    .replaceAll(/%(\d)f|%([OE])z|%(.)/g, (whole, digits?: string, wide?: string, letter = '') => {
      if (digits !== undefined) return fraction.slice(0, Number(digits));
      if (wide !== undefined) return wide === 'E' && offset === 0 ? 'Z' : zone;
      return fields[String(letter)] ?? whole;
    });
}

const two = (number: number): string => String(number).padStart(2, '0');
