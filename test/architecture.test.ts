import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const src = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src');

/** Which part of src may import from which; a part may always import from itself. docs/architecture.md says why. */
const arrows: Record<string, readonly string[]> = {
  main: ['config', 'cli', 'server', 'service', 'local', 'runtime', 'store', 'model'],
  config: ['model'],
  cli: ['config', 'service', 'local', 'model'],
  server: ['config', 'service', 'local', 'model'],
  page: ['model'],
  service: ['engine', 'local', 'store', 'model'],
  engine: ['local', 'store', 'runtime', 'model'],
  local: ['model'],
  runtime: ['model'],
  store: ['model'],
  model: [],
};

/** Types that describe a lower part to those who only pass it on. */
const typeArrows: Record<string, readonly string[]> = { service: ['runtime'], cli: ['server'], server: ['page'] };

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
const partOf = (file: string): string => file.split(path.sep)[0]?.replace(/\.tsx?$/, '') ?? '';

interface Import {
  file: string;
  from: string;
  to: string;
  /** The file that it names, from src. */
  at: string;
  typeOnly: boolean;
}

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(path.join(src, file), 'utf8');
  const found = text.matchAll(/^\s*(?:import|export)\s(type\s)?[^;'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm);
  return [...found].map(([, type, fixed, lazy]) => {
    const at = path.relative(src, path.resolve(src, path.dirname(file), fixed ?? lazy ?? ''));
    return { file, from: partOf(file), to: partOf(at).replace(/\.js$/, ''), at, typeOnly: type !== undefined };
  });
});

/** The parts whose messages reach clients other than the command line. */
const withoutProgramName = new Set(['model', 'engine', 'service', 'store', 'runtime', 'local', 'server']);

describe('the parts of src', () => {
  test('are those that the arrows name', () => {
    expect([...new Set(files.map(partOf))].toSorted()).toEqual(Object.keys(arrows).toSorted());
    expect(imports.length).toBeGreaterThan(100);
  });

  test('import along the arrows only', () => {
    const wrong = imports.filter(
      ({ from, to, typeOnly }) =>
        to !== from && !arrows[from]?.includes(to) && !(typeOnly && typeArrows[from]?.includes(to)),
    );
    expect(wrong.map(({ file, to }) => `src/${file} imports from ${to}`)).toEqual([]);
  });

  test('meet at the port: the engine knows no runtime of its own', () => {
    const seen = imports.filter(({ from, to }) => from === 'engine' && to === 'runtime').map(({ at }) => at);
    expect([...new Set(seen)].toSorted()).toEqual(['runtime/port.js', 'runtime/sleep.js']);
    const engine = files.filter((file) => partOf(file) === 'engine');
    const knowing = engine.filter((file) => /docker|podman|sandbox/i.test(readFileSync(path.join(src, file), 'utf8')));
    expect(knowing).toEqual([]);
  });

  test('are in docs/architecture.md with the same arrows', () => {
    const text = readFileSync(path.join(src, '..', 'docs', 'architecture.md'), 'utf8');
    const table = text.split('## The arrows')[1]?.split('\n## ')[0] ?? '';
    const rows = [...table.matchAll(/^\| (\w+) \| ([\w, ]*)\|$/gm)].filter(([, part = '']) => part !== 'Part');
    const documented = rows.map(([, part = '', to = '']) => [
      part,
      to
        .split(', ')
        .map((name) => name.trim())
        .filter(Boolean),
    ]);
    expect(Object.fromEntries(documented)).toEqual(arrows);
  });

  test('below the command line suggest no command line as text', () => {
    const wrong = files
      .filter((file) => withoutProgramName.has(partOf(file)))
      .flatMap((file) => {
        const text = readFileSync(path.join(src, file), 'utf8').replaceAll(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '');
        return [...text.matchAll(/.*\blocalrun .*/g)].map(([line]) => `src/${file}: ${line.trim()}`);
      });
    expect(wrong).toEqual([]);
  });
});
