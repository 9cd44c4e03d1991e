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

/**
 * A time by a pattern of strftime, by default `%Y-%m-%dT%H:%M:%S`, in UTC or the zone `tz` (LOCAL: this machine's). What
 * is no time, or no zone, stays as it is.
 */
export function formatDate(time: string, pattern = '%Y-%m-%dT%H:%M:%S', tz = 'UTC'): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const zone = tz === 'LOCAL' ? new Intl.DateTimeFormat().resolvedOptions().timeZone : tz;
  let parts: Record<string, string>;
  try {
    parts = partsOf(date, zone);
  } catch {
    return time;
  }
  const { year = '', month = '', day = '', hour = '', minute = '', second = '', weekday = '' } = parts;
  const name = months[Number(month) - 1] ?? '';
  const fields: Record<string, string> = {
    Y: year,
    y: year.slice(-2),
    m: month,
    d: day,
    e: String(Number(day)).padStart(2),
    H: hour,
    M: minute,
    S: second,
    f: /\.(\d+)/.exec(time)?.[1]?.slice(0, 6).padEnd(6, '0') ?? '000000',
    b: name.slice(0, 3),
    B: name,
    a: weekday.slice(0, 3),
    A: weekday,
    F: `${year}-${month}-${day}`,
    T: `${hour}:${minute}:${second}`,
    Z: parts['timeZoneName'] ?? '',
    s: String(Math.floor(date.getTime() / 1000)),
    '%': '%',
  };
  return pattern.replaceAll(/%(.)/g, (whole, letter: string) => fields[letter] ?? whole);
}
