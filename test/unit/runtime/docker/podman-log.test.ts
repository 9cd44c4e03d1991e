import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PodmanLog } from '../../../../src/runtime/docker/podman-log.js';

/** The time at which the monitor reads a part, in podman's form. */
const stamp = (part: number, zone: string): string =>
  `2026-11-24T20:36:07.${String(541_113_295 + part).padStart(9, '0')}${zone} `;
/** What containers have for a time: it is before that of the part, or has not come yet. */
const own = ['2026-11-24T20:36:07.541113294Z ', '9999-12-31T23:59:59.000000000Z '];

/** What a container writes at once. */
const write = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'x',
        '\n',
        '\r\n',
        'żółć',
        ' ',
        ...own,
        ...own.map((time) => time.trim()),
        '2026-',
        '12026-1',
        '7',
      ),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((pieces) => pieces.join(''));

/** What `podman logs --timestamps` prints of what was written, and the log that is to be kept of it. */
function printedAndKept(writes: readonly string[], zone: string): [printed: Buffer, kept: Buffer] {
  const parts = writes.flatMap((text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
  const printed = parts.map((part, i) => `${stamp(i, zone)}${part}`);
  const kept = parts.map((part, i) => (i > 0 && !parts[i - 1]?.endsWith('\n') ? part : printed[i]));
  return [Buffer.from(printed.join(''), 'latin1'), Buffer.from(kept.join(''), 'latin1')];
}

test.each(['Z', '+02:00'])('what podman has kept becomes a log, whatever chunks it comes in (%s)', (zone) => {
  fc.assert(
    fc.property(
      fc.array(write, { maxLength: 30 }),
      fc.integer({ min: 1, max: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (writes, size, share) => {
        const found: Buffer[] = [];
        const log = new PodmanLog((data) => found.push(data));
        const [printed, kept] = printedAndKept(writes, zone);
        const push = (bytes: Buffer): void => {
          for (let at = 0; at < bytes.length; at += size) log.push(bytes.subarray(at, at + size));
        };
        push(printed.subarray(0, Math.floor(share * printed.length)));
        log.again();
        push(printed);
        log.end();
        expect(Buffer.concat(found).toString('latin1')).toBe(kept.toString('latin1'));
      },
    ),
    { numRuns: 500 },
  );
});

test('what the client says itself is not of the container', () => {
  const found: Buffer[] = [];
  const log = new PodmanLog((data) => found.push(data));
  const talk = 'time="2026-11-24T23:47:42Z" level=error msg="no such container"\n';
  for (const byte of Buffer.from(`${talk}${stamp(0, 'Z')}one\nshort\n${stamp(1, 'Z')}two`))
    log.push(Buffer.from([byte]));
  log.end();
  expect(Buffer.concat(found).toString()).toBe(`${stamp(0, 'Z')}one\n${stamp(1, 'Z')}two`);
});
