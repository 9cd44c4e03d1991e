import type { Timestamp } from './time.js';

/**
 * An etag as the service writes it: the time of the last write as a protobuf Timestamp and the resource's name, both
 * in unpadded base64url, joined by a slash; the double quotes are part of the value.
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
