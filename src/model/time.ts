/**
 * Timestamps are RFC 3339 strings in UTC with exactly six fractional digits, as Cloud Run writes them. They all have
 * the same width, so they sort as text. Durations are proto JSON strings such as "600s".
 */
export type Timestamp = string;

/** Milliseconds since 1970, possibly with a fraction, as a Timestamp. */
export function timestamp(epochMs: number): Timestamp {
  const micros = Math.round(epochMs * 1000);
  const ms = Math.floor(micros / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros - ms * 1000).padStart(3, '0')}Z`;
}

/** Any RFC 3339 UTC string, cut or padded to six fractional digits. Container engines print nanoseconds. */
export function toTimestamp(rfc3339: string): Timestamp {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(rfc3339);
  if (!match) return timestamp(Date.parse(rfc3339));
  return `${match[1]}.${(match[2] ?? '').slice(0, 6).padEnd(6, '0')}Z`;
}

/** Milliseconds since 1970 with a microsecond fraction. */
export function epochMs(time: Timestamp): number {
  return Date.parse(`${time.slice(0, 23)}Z`) + Number(time.slice(23, 26)) / 1000;
}

/** `now`, or the microsecond after `last` if that is later, so that no two writes of a resource have the same time. */
export function after(last: Timestamp, now: Timestamp): Timestamp {
  if (now > last) return now;
  const micros = BigInt(Date.parse(`${last.slice(0, 19)}Z`)) * 1000n + BigInt(last.slice(20, 26)) + 1n;
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}

/** A span of time. */
export interface Span {
  from: Timestamp;
  to: Timestamp;
}

/**
 * Maps a span measured by another clock, such as a container engine's, to ours: moved to where it can have been, at its
 * own length, and cut if it is longer than that. A span that fits is unchanged.
 */
export function onOurClock({ from, to }: Span, within: Span): Span {
  if (within.from <= from && from <= to && to <= within.to) return { from, to };
  const [first, last] = [epochMs(within.from), epochMs(within.to)];
  const length = Math.min(Math.max(0, epochMs(to) - epochMs(from)), Math.max(0, last - first));
  const start = Math.max(first, Math.min(epochMs(from), last - length));
  return { from: timestamp(start), to: timestamp(start + length) };
}

/** The time this many days later. */
export const daysLater = (time: Timestamp, days: number): Timestamp =>
  `${new Date(Date.parse(`${time.slice(0, 19)}Z`) + days * 86_400_000).toISOString().slice(0, 19)}${time.slice(19)}`;

/** The seconds of a proto JSON duration ("600s", "1.5s"); undefined if it is not one. */
export function durationSeconds(duration: string): number | undefined {
  const match = /^(-?\d+(?:\.\d{1,9})?)s$/.exec(duration);
  return match ? Number(match[1]) : undefined;
}

const unitSeconds: Record<string, number> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1 };

/**
 * The seconds of a duration in gcloud's flags: an integer number of seconds, "1h30m", "1.5h", "PT1H", "P1D"; case is
 * ignored. Undefined if it is not a duration. (Observed: gcloud 578.)
 */
export function parseGcloudDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const iso = /^p(?=.)(.*?)(?:t(?=.)(.*))?$/i.exec(text);
  if (iso) {
    const date = sumParts(iso[1] ?? '', 'wd');
    const time = sumParts(iso[2] ?? '', 'hms');
    return date === undefined || time === undefined ? undefined : date + time;
  }
  return text === '' ? undefined : sumParts(text, 'wdhms');
}

function sumParts(text: string, units: string): number | undefined {
  if (!new RegExp(`^(?:\\d+(?:\\.\\d+)?[${units}])*$`, 'i').test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-z])/gi)) {
    sum += Number(amount) * (unitSeconds[(unit ?? '').toLowerCase()] ?? 0);
  }
  return sum;
}

/**
 * A span as Cloud Run writes it in condition messages, in hundredths of a second without trailing zeros, with minutes
 * and hours: `0.35s`, `38.22s`, `1m3.6s`, `1h2m5s`.
 */
export function formatSpan(ms: number): string {
  const hundredths = Math.max(0, Math.round(ms / 10));
  const minutes = Math.floor(hundredths / 6000);
  const seconds = `${(hundredths % 6000) / 100}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** A task timeout as gcloud prints it, without zero parts: `1d1h1m1s`. */
export function formatTimeout(seconds: number): string {
  let rest = seconds;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitSeconds[unit] ?? 1;
    const amount = unit === 's' ? rest : Math.floor(rest / size);
    if (amount) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text || '0s';
}
