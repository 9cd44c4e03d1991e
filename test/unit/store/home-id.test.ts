import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { homeId } from '../../../src/store/home-id.js';
import { tempDirectory } from '../../support/temp.js';

test('a state directory keeps its id, and others have other ones', () => {
  const home = path.join(tempDirectory(), 'not', 'there', 'yet');
  const id = homeId(home);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(homeId(home)).toBe(id);
  expect(homeId(tempDirectory())).not.toBe(id);
  expect(readdirSync(home)).toEqual(['id']);
});

test('the id is that of the file, even if another process has just made it', () => {
  const home = tempDirectory();
  writeFileSync(path.join(home, 'id'), 'ofanother\n');
  expect(homeId(home)).toBe('ofanother');
});

test('a directory that cannot be made is named', () => {
  const file = path.join(tempDirectory(), 'file');
  writeFileSync(file, '');
  expect(() => homeId(path.join(file, 'home'))).toThrow(/cannot be made/);
  rmSync(file);
});
