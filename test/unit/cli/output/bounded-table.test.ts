import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { boundedGrid, boundedTable } from '../../../../src/cli/output/bounded-table.js';
import { type Column, table } from '../../../../src/cli/output/table.js';

const columns: Column<[string, string, string]>[] = [
  { header: '', value: ([symbol]) => symbol },
  { header: 'NAME', value: ([, name]) => name },
  { header: 'RESULT', value: ([, , result]) => result },
];
const piped = { tty: false, columns: 80 };

describe('a bounded table', () => {
  const red = new Chalk({ level: 1 }).red('X');

  test.each<[string, [string, string, string][]]>([
    ['no rows', []],
    ['colour', [[red, 'a', 'exit code 1']]],
    ['wide characters', [['✔', '日本', 'ok']]],
    ['empty cells', [['', '', ''], ['✔', 'long name', '']]], // prettier-ignore
    ['a cell of several lines', [['✔', 'a', 'one\n\ntwo']]],
    ['hundreds of rows', Array.from({ length: 600 }, (_, i) => ['✔', String(i), 'ok'])],
  ])('with %s is, where it is piped, as the plain table', async (_, rows) => {
    expect(await boundedTable(columns, rows, piped)).toBe(table(columns, rows));
  });

  test('wraps its widest column where a terminal is too narrow', async () => {
    const rows: [string, string, string][] = [['✔', 'etl', 'the image of the container cannot be pulled']];
    expect(await boundedTable(columns, rows, { tty: true, columns: 30 })).toBe(
      '   NAME  RESULT\n✔  etl   the image of the\n         container cannot be\n         pulled\n',
    );
    expect(await boundedTable(columns, rows, { tty: true, columns: 80 })).toBe(table(columns, rows));
  });

  test('breaks words that are wider than their column, and cuts nothing off', async () => {
    const grid = await boundedGrid([['a', `see ${'日x'.repeat(8)}`]], { tty: true, columns: 13 });
    expect(grid).toBe('a  see\n   日x日x日x\n   日x日x日x\n   日x日x\n');
  });

  test('shares a narrow terminal between wide columns', async () => {
    const grid = await boundedGrid([['a', 'b'.repeat(30), 'c'.repeat(20)]], { tty: true, columns: 31 });
    expect(grid).toBe(`a  ${'b'.repeat(13)}  ${'c'.repeat(13)}\n   ${'b'.repeat(13)}  ${'c'.repeat(7)}\n   bbbb\n`);
  });

  test('cannot be made to steer the terminal', async () => {
    expect(await boundedGrid([['a\u{1b}[2J', 'b']], piped)).not.toContain('\u{1b}');
  });
});
