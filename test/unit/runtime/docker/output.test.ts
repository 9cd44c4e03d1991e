import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { LogDecoder } from '../../../../src/model/log-lines.js';
import { EngineLog, StampedOutput } from '../../../../src/runtime/docker/output.js';

const stamp = '2026-11-24T20:36:07.541113295Z ';
/** What containers have for a time: it is before that of their line. */
const earlier = '2026-11-24T20:36:07.541113294Z ';
const pieceBytes = 16_384;

/** What containers write that is hard to read back. */
const piece = fc.oneof(
  fc.constantFrom(
    ...['x', '\n', '\r\n', 'żółć', ' ', earlier, earlier.trim(), '2026-', 'Error response from daemon: EOF\n'],
    ...[pieceBytes - stamp.length, pieceBytes - 1, pieceBytes, pieceBytes + 1, 9000].map((size) => 'a'.repeat(size)),
  ),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
const written = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

/** The bytes in chunks of a size, as some reader gets them. */
function* chunks(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Lines with their newlines, and a last one that may have none. */
function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\n', at) + 1 || bytes.length;
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}

/** The log that is kept of what a container has written. */
const log = (bytes: Buffer): Buffer => Buffer.concat(lines(bytes).flatMap((line) => [Buffer.from(stamp), line]));

/**
 * What `docker logs --timestamps` prints of it; `forgets`: without newlines after lines that were cut (Docker 20.10,
 * driver `local`).
 */
const engineLog = (bytes: Buffer, forgets: boolean): Buffer =>
  Buffer.concat(
    lines(bytes).flatMap((line) => {
      const parts = [...chunks(line, pieceBytes)];
      const last = parts.at(-1);
      if (forgets && parts.length > 1 && last?.at(-1) === 0x0a) parts[parts.length - 1] = last.subarray(0, -1);
      return parts.flatMap((part) => [Buffer.from(stamp), part]);
    }),
  );

test('what a container writes gets a time before every line, and no other byte', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-24T20:36:07.541Z') });
  fc.assert(
    fc.property(written, fc.integer({ min: 1, max: 20_000 }), (bytes, size) => {
      const kept: Buffer[] = [];
      const output = new StampedOutput((data) => kept.push(data));
      for (const chunk of chunks(bytes, size)) output.write(chunk);
      const expected = log(bytes);
      const found = Buffer.concat(kept);
      expect(found.length).toBe(expected.length);
      // Stamps differ in the microseconds that tell chunks apart.
      const micros = /(2026-11-24T20:36:07\.541)\d{6}Z /g;
      expect(found.toString('latin1').replaceAll(micros, '$1 ')).toBe(
        expected.toString('latin1').replaceAll(micros, '$1 '),
      );
    }),
  );
  vi.useRealTimers();
});

test('what comes later has a later time, on whichever stream', () => {
  const kept: string[] = [];
  const outputs = [0, 1].map(() => new StampedOutput((data) => kept.push(data.toString())));
  for (let i = 0; i < 500; i++) outputs[i % 2]?.write(Buffer.from('line\n'));
  expect(kept).toEqual(kept.toSorted());
  expect(new Set(kept).size).toBe(500);
});

test.each([
  ['as it prints newlines', false],
  ['as Docker 20.10 leaves newlines out', true],
])('what an engine has kept becomes the same log, whatever chunks it comes in, %s', (_, forgets) => {
  fc.assert(
    fc.property(written, fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 1 }), (bytes, size, part) => {
      const kept: Buffer[] = [];
      const engine = new EngineLog((data) => kept.push(data));
      const printed = engineLog(bytes, forgets);
      for (const chunk of chunks(printed.subarray(0, Math.floor(part * printed.length)), size)) engine.push(chunk);
      // What is held back has not been taken for anything yet, and comes again.
      engine.again();
      for (const chunk of chunks(printed, size)) engine.push(chunk);
      engine.end();
      const expected = log(bytes);
      const found = Buffer.concat(kept);
      // Of a newline that is left out at the very end there is no trace.
      expect(found.equals(expected) || (forgets && found.equals(expected.subarray(0, -1)))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("what the engine's client says itself is not the container's", () => {
  const kept: Buffer[] = [];
  const engine = new EngineLog((data) => kept.push(data));
  const talk = 'error from daemon in stream: Error grabbing logs: unexpected EOF\n';
  const text = `${talk}${stamp}one\n${talk}short\n\n${stamp}two\n`;
  for (const byte of Buffer.from(text)) engine.push(Buffer.from([byte]));
  expect(Buffer.concat(kept).toString()).toBe(`${stamp}one\n${stamp}two\n`);
});

test('what looks like a complaint of the client is kept back until more comes', () => {
  const kept: Buffer[] = [];
  const output = new StampedOutput((data) => kept.push(data));
  const lines = (): string[] => new LogDecoder().push(Buffer.concat(kept)).map(({ text }) => text);
  const complaint = 'time="2026-11-24T23:47:42Z" level=error msg="error waiting for container: unexpected EOF"\n';
  output.write(Buffer.from('one\n'));
  output.write(Buffer.from(complaint));
  expect(lines()).toEqual(['one']);
  expect(output.complains).toBe(true);
  output.write(Buffer.from('time="2026-11-24T23:47:43Z" level=error msg="of the job"\n'));
  expect(lines()).toEqual(['one', complaint.trimEnd(), 'time="2026-11-24T23:47:43Z" level=error msg="of the job"']);
  expect(output.complains).toBe(false);
  output.write(Buffer.from(complaint.repeat(100)));
  output.write(Buffer.from('more\n'));
  expect(lines()).toHaveLength(104);
});

test('a complaint of the client may come with the last lines of the container', () => {
  const kept: Buffer[] = [];
  const output = new StampedOutput((data) => kept.push(data));
  const lines = (): string[] => new LogDecoder().push(Buffer.concat(kept)).map(({ text }) => text);
  output.write(Buffer.from('one\ntwo\n\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n'));
  expect(lines()).toEqual(['one', 'two']);
  expect(output.complains).toBe(true);
  output.write(Buffer.from('begun: unexpected EOF\n'));
  expect(output.complains).toBe(false);
  output.write(Buffer.from('open'));
  output.write(Buffer.from('unexpected EOF\n'));
  expect(lines().slice(3)).toEqual([
    'got 3 SIGTERM/SIGINTs, forcefully exiting',
    'begun: unexpected EOF',
    'openunexpected EOF',
  ]);
});

test("what the client warns of before the start is not the container's", () => {
  const kept: Buffer[] = [];
  const output = new StampedOutput((data) => kept.push(data));
  const warning = "WARNING: The requested image's platform (linux/arm64) does not match the detected host platform\n";
  output.write(Buffer.from(warning));
  output.write(Buffer.from(`${warning}WARNING: of the job\n${warning}`));
  const lines = new LogDecoder().push(Buffer.concat(kept)).map(({ text }) => `${text}\n`);
  expect(lines).toEqual(['WARNING: of the job\n', warning]);
});
