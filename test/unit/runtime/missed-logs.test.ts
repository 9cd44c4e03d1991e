import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appendMissed, missedSince } from '../../../src/runtime/docker/missed-logs.js';
import { tempDirectory } from '../../support/temp.js';

function fileWith(text: string): { file: number; read: () => string } {
  const name = path.join(tempDirectory(), 'log');
  const file = openSync(name, 'wx+');
  onTestFinished(() => closeSync(file));
  writeSync(file, text);
  return { file, read: () => readFileSync(name, 'utf8') };
}

const at = (second: number, text: string): string => `2026-11-24T20:00:0${second}.123456789Z ${text}`;

describe('what a log lacks', () => {
  test.each([
    ['nothing', [at(1, 'a\n'), at(2, 'b\n')], [at(1, 'a\n'), at(2, 'b\n')]],
    ['the last line', [at(1, 'a\n')], [at(1, 'a\n'), at(2, 'b')]],
    ['all lines', [], [at(1, 'a\n'), at(2, 'ä\n')]],
    ['the same text once more', [at(1, 'a\n')], [at(1, 'a\n'), at(1, 'a\n')]],
    ['lines after those that are not recent', [at(1, 'old\n'), at(5, 'a\n')], [at(5, 'a\n'), at(6, 'b\n')]],
    ['lines of which none is known', [at(1, 'old\n')], [at(6, 'b\n')]],
  ])('is appended: %s', (_, known, recent) => {
    const log = fileWith(known.join(''));
    appendMissed(log.file, recent.join(''));
    const old = known.filter((line) => !recent.includes(line));
    expect(log.read()).toBe([...old, ...recent].join(''));
  });

  test('is looked for from a moment before the newest line that is there', () => {
    const files = [fileWith(at(1, 'a\n') + at(3, 'b')), fileWith(at(2, 'c\n')), fileWith('')];
    expect(missedSince(files.map(({ file }) => file))).toBe('2026-11-24T20:00:02.623Z');
    expect(missedSince([fileWith('').file])).toBeUndefined();
  });
});
