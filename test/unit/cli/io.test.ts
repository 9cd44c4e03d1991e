import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { output } from '../../../src/cli/io.js';

interface FakeStream extends EventEmitter {
  isTTY: boolean;
  columns?: number;
  rows?: number;
  written: string;
}

function stream(isTTY: boolean): FakeStream & NodeJS.WriteStream {
  const fake = Object.assign(new EventEmitter(), { isTTY, written: '' });
  return Object.assign(fake, {
    write: (text: string) => void (fake.written += text),
  }) as unknown as FakeStream & NodeJS.WriteStream;
}

describe('colour', () => {
  test.each<[isTTY: boolean, env: Record<string, string>, colored: boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { CI: 'true' }, true],
    [false, { CI: 'true' }, false],
  ])('terminal %s, %j: %s', (isTTY, env, colored) => {
    expect(output(stream(isTTY), env).chalk.red('x')).toBe(colored ? '\u{1b}[31mx\u{1b}[39m' : 'x');
  });
});

describe('an output', () => {
  test('knows the size of its terminal, as it is at the time', () => {
    const fake = stream(true);
    const out = output(fake, {});
    expect([out.columns, out.rows]).toEqual([80, 24]);
    let resized = 0;
    const ignore = out.onResize(() => resized++);
    Object.assign(fake, { columns: 120, rows: 50 });
    fake.emit('resize');
    expect([out.columns, out.rows, resized]).toEqual([120, 50, 1]);
    ignore();
    fake.emit('resize');
    expect(resized).toBe(1);
  });

  test('writes nothing more to a reader that has gone, and goes on', () => {
    const fake = stream(false);
    const out = output(fake, {});
    out.write('one');
    fake.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
    out.write('two');
    expect(fake.written).toBe('one');
    expect(() => fake.emit('error', new Error('disk full'))).toThrow('disk full');
  });
});
