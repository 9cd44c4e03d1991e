import type { Timestamp } from './time.js';

/**
 * An etag as Cloud Run writes it: the time of the last write as a protobuf Timestamp, then the resource's name, both in
 * unpadded base64url, joined by a slash. The double quotes are part of the value.
 */
export function etagOf(name: string, updateTime: Timestamp): string {
  const seconds = Math.floor(Date.parse(`${updateTime.slice(0, 19)}Z`) / 1000);
  const nanos = Number(updateTime.slice(20, 26)) * 1000;
  const time = [8, ...varint(seconds), ...(nanos ? [16, ...varint(nanos)] : [])];
  return `"${Buffer.from(time).toString('base64url')}/${Buffer.from(name).toString('base64url')}"`;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/**
 * The time of the write that an etag names, in microseconds since 1970; undefined if localrun did not issue the etag.
 */
export function etagVersion(etag: string): string | undefined {
  const [, time] = /^"([\w-]+)\/[\w-]+"$/.exec(etag) ?? [];
  const bytes = Buffer.from(time ?? '', 'base64url');
  const fields = new Map<number, number>();
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++];
    let value = 0;
    let shift = 1;
    for (let more = true; more; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * shift;
      more = byte >= 128;
    }
    if (tag !== undefined) fields.set(tag, value);
  }
  const seconds = fields.get(8);
  if (seconds === undefined || !Number.isSafeInteger(seconds * 1e6)) return undefined;
  return String(seconds * 1e6 + Math.floor((fields.get(16) ?? 0) / 1000));
}
