import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileChanges, type Watched, watchFiles } from '../../../src/local/watched-files.js';
import { stagedSource } from '../../../src/local/staged-source.js';
import { tempDirectory } from '../../support/temp.js';

async function watching(...watched: Watched[]): Promise<FileChanges> {
  const changes = await watchFiles(watched);
  onTestFinished(() => changes.close());
  return changes;
}

/** Waits until a file is reported, and returns everything that was. */
async function reported(changes: FileChanges, file: string): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!seen.has(file)) for (const name of await changes.next()) seen.add(name);
  return seen;
}

describe('watched files', () => {
  const ignores = (below: string): boolean => below === 'ignored' || below.endsWith('.log');

  test('are reported with what is below a directory, except for what is ignored and what is beside', async () => {
    const root = tempDirectory();
    const app = path.join(root, 'app');
    mkdirSync(path.join(app, 'ignored'), { recursive: true });
    const changes = await watching({ directory: app, ignores });
    const signal = changes.signal();
    expect(signal.aborted).toBe(false);
    for (const name of ['../beside', 'ignored/a', 'b.log']) writeFileSync(path.join(app, name), '');
    mkdirSync(path.join(app, 'new'));
    writeFileSync(path.join(app, 'new', 'a'), '');
    const seen = await reported(changes, path.join(app, 'new', 'a'));
    expect([...seen].filter((name) => !name.startsWith(path.join(app, 'new')))).toEqual([]);
    expect(signal.aborted).toBe(true);
  });

  test('that change again before anybody asks are no batch without files', async () => {
    const app = tempDirectory();
    const changes = await watching({ directory: app, ignores });
    const signal = changes.signal();
    writeFileSync(path.join(app, 'a'), '');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    writeFileSync(path.join(app, 'b'), '');
    // So that its event arrives before the question; it need not.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const first = await changes.next();
    const second = changes.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(path.join(app, 'c'), '');
    expect(first).toContain(path.join(app, 'a'));
    expect(await second).not.toEqual([]);
  });

  test('do not change when a build copies them', async () => {
    const root = tempDirectory();
    const app = path.join(root, 'app');
    mkdirSync(app);
    for (const name of ['a', 'b', 'c.log']) writeFileSync(path.join(app, name), name);
    const changes = await watching({ directory: app, ignores });
    await (await stagedSource(app, ignores, path.join(root, 'builds')))?.remove();
    writeFileSync(path.join(app, 'b'), 'changed');
    expect([...(await reported(changes, path.join(app, 'b')))]).toEqual([path.join(app, 'b')]);
  });

  test('may be replaced, as editors do, and vanish and come again', async () => {
    const file = path.join(tempDirectory(), 'job.yaml');
    writeFileSync(file, 'a');
    const changes = await watching({ file });
    for (const text of ['b', 'c']) {
      writeFileSync(`${file}.tmp`, text);
      renameSync(`${file}.tmp`, file);
      expect([...(await reported(changes, file))]).toEqual([file]);
    }
    rmSync(file);
    await reported(changes, file);
    writeFileSync(file, 'd');
    await reported(changes, file);
  });

  test('of a directory that is removed and made again are reported again', async () => {
    const app = path.join(tempDirectory(), 'app');
    mkdirSync(app);
    writeFileSync(path.join(app, 'a'), '');
    const changes = await watching({ directory: app, ignores });
    rmSync(app, { recursive: true });
    await reported(changes, app);
    mkdirSync(app);
    writeFileSync(path.join(app, 'a'), 'again');
    await reported(changes, path.join(app, 'a'));
    writeFileSync(path.join(app, 'b'), '');
    expect([...(await reported(changes, path.join(app, 'b')))]).toContain(path.join(app, 'b'));
  });
});
