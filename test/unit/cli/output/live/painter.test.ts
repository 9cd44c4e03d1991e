import { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EventEmitter } from 'node:events';
import { type Output, output } from '../../../../../src/cli/io.js';
import { livePainter } from '../../../../../src/cli/output/live/painter.js';

/** A terminal emulator, which breaks long lines anew when its width changes, and the output to it. */
class Screen extends EventEmitter {
  readonly #terminal: Terminal;
  readonly writes: string[] = [];
  readonly isTTY = true;
  writableNeedDrain = false;
  readonly output: Output = output(this as unknown as NodeJS.WriteStream, {});

  constructor(cols: number, rows: number) {
    super();
    // A terminal driver puts a carriage return before each newline.
    this.#terminal = new Terminal({ cols, rows, scrollback: 10_000, convertEol: true, allowProposedApi: true });
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  write(text: string): void {
    this.writes.push(text);
    this.#terminal.write(text);
  }

  async resize(cols: number, rows: number): Promise<void> {
    // What was written for the old size is shown in it, also if it was written while the emulator settled.
    for (let written = -1; written < this.writes.length;) {
      written = this.writes.length;
      await this.settled();
    }
    this.#terminal.resize(cols, rows);
    this.emit('resize');
  }

  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#terminal.write('', resolve);
      // The emulator works on timers, too.
      vi.advanceTimersByTime(1);
    });
  }

  /** All that can be read, lines put together again that the terminal has broken. */
  async lines(): Promise<string[]> {
    await this.settled();
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y++) {
      const line = buffer.getLine(y);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

// The clock, too: the emulator puts off what takes it long.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

describe('a live painter', () => {
  test('keeps its rows below the lines, and takes them away at the end', async () => {
    const screen = new Screen(40, 10);
    let rows = ['head', '  row 1', '  row 2'];
    const painter = livePainter(screen.output, () => rows);
    painter.repaint();
    painter.print(['one']);
    painter.print(['two']);
    vi.advanceTimersByTime(100);
    expect(await screen.lines()).toEqual(['one', 'two', 'head', '  row 1', '  row 2']);
    rows = ['head'];
    painter.repaint();
    expect(await screen.lines()).toEqual(['one', 'two', 'head']);
    painter.print(['three']);
    painter.close();
    expect(await screen.lines()).toEqual(['one', 'two', 'three']);
  });

  test('writes lines that come together, and each painting, at once', () => {
    const screen = new Screen(40, 10);
    const painter = livePainter(screen.output, () => ['head']);
    for (let i = 0; i < 1000; i++) painter.print([`line ${i}`]);
    expect(screen.writes).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(screen.writes).toHaveLength(1);
    expect(screen.writes[0]?.startsWith('\u{1b}[?2026h')).toBe(true);
    expect(screen.writes[0]?.endsWith('\u{1b}[?2026l')).toBe(true);
    painter.close();
  });

  test('writes only rows that have changed, nothing if none has, and never blanks a row before it writes it', async () => {
    const screen = new Screen(40, 10);
    let rows = ['head 0', '  row 1', '  row 2'];
    const painter = livePainter(screen.output, () => rows);
    painter.repaint();
    painter.repaint();
    expect(screen.writes).toHaveLength(1);
    rows = ['head 1', '  row 1', '  row'];
    painter.repaint();
    expect(screen.writes[1]).toBe('\u{1b}[?2026h\r\u{1b}[3Ahead 1\u{1b}[K\n\n  row\u{1b}[K\n\u{1b}[J\u{1b}[?2026l');
    expect(await screen.lines()).toEqual(['head 1', '  row 1', '  row']);
    painter.print(['one']);
    painter.repaint();
    expect(screen.writes[2]).toContain('\u{1b}[3Aone\u{1b}[K\nhead 1\u{1b}[K\n');
    painter.close();
    expect(await screen.lines()).toEqual(['one']);
  });

  test('leaves a terminal alone that is behind, and shows all when it is not any more', async () => {
    const screen = new Screen(40, 10);
    const painter = livePainter(screen.output, () => ['head']);
    painter.repaint();
    screen.writableNeedDrain = true;
    for (let i = 0; i < 5; i++) {
      painter.print([`line ${i}`]);
      painter.repaint();
      vi.advanceTimersByTime(100);
    }
    expect(screen.writes).toHaveLength(1);
    screen.writableNeedDrain = false;
    painter.repaint();
    expect(await screen.lines()).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'head']);
    painter.close();
  });

  test('paints no more rows than it can erase', async () => {
    const screen = new Screen(40, 4);
    const painter = livePainter(screen.output, () => ['a', 'b', 'c', 'd', 'e', 'f']);
    painter.repaint();
    painter.print(['one']);
    painter.close();
    expect(await screen.lines()).toEqual(['one']);
  });

  test('leaves nothing behind, whatever is printed, however the terminal is resized', async () => {
    const line = fc.stringMatching(/^[a-z ]{0,90}[a-z]$/);
    const step = fc.oneof(
      fc.record({ print: line }),
      fc.record({ rows: fc.array(fc.stringMatching(/^[A-Z]{5,40}$/), { maxLength: 6 }) }),
      fc.record({ size: fc.tuple(fc.integer({ min: 12, max: 60 }), fc.integer({ min: 10, max: 30 })) }),
      fc.record({ wait: fc.integer({ min: 0, max: 120 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const screen = new Screen(40, 24);
        let rows: string[] = ['HEAD'];
        const painter = livePainter(screen.output, () => rows.map((row) => row.slice(0, screen.columns - 1)));
        const printed: string[] = [];
        for (const next of steps) {
          if ('print' in next) {
            painter.print([next.print]);
            printed.push(next.print);
          } else if ('rows' in next) {
            ({ rows } = next);
            painter.repaint();
          } else if ('size' in next) {
            const [columns, height] = next.size;
            const painted = rows.map((row) => row.slice(0, screen.columns - 1));
            const broken = painted.reduce((sum, row) => sum + Math.ceil(row.length / columns), 0);
            // What a smaller terminal has no room for has scrolled away, and nobody can erase it.
            if (broken < height) await screen.resize(columns, height);
          } else vi.advanceTimersByTime(next.wait);
        }
        painter.close();
        expect((await screen.lines()).map((text) => text.trimEnd())).toEqual(printed);
      }),
      { numRuns: 200 },
    );
  });
});
