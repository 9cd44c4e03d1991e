import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../../../src/cli/command/command-line.js';
import { tempDirectory } from '../../../support/temp.js';

describe('a command line', () => {
  test.each([
    ['--project p jobs list', 'jobs list --project p'],
    ['jobs --region=r -q execute etl --wait', 'jobs execute etl --region=r -q --wait'],
    ['--account a jobs create etl --image i', 'jobs create etl --account a --image i'],
    ['--project p beta jobs list', 'jobs list --project p'],
    ['alpha jobs list', 'jobs list'],
    ['jobs list --limit 1 --project p', 'jobs list --limit 1 --project p'],
    ['jobs execute etl --args beta', 'jobs execute etl --args beta'],
    ['jobs --project --quiet list', 'jobs list --project --quiet'],
    ['--help jobs', '--help jobs'],
    ['jobs run -- --project p', 'jobs run -- --project p'],
  ])('%s', async (line, expected) => {
    const { args } = await readCommandLine(line.split(' '), { cwd: '/' });
    expect(args.join(' ')).toBe(expected);
  });

  test('has its words, its release track, and the flags of its flags file', async () => {
    const cwd = tempDirectory();
    writeFileSync(path.join(cwd, 'f'), '--project: p');
    const line = await readCommandLine('--flags-file f alpha jobs list --limit 1'.split(' '), { cwd });
    expect(line).toEqual({
      words: ['jobs', 'list'],
      track: 'ALPHA',
      args: 'jobs list --project=p --limit 1'.split(' '),
    });
  });

  test('keeps its words where a flags file cannot be read', async () => {
    const line = await readCommandLine('jobs list --flags-file none'.split(' '), { cwd: tempDirectory() });
    expect(line).toMatchObject({
      words: ['jobs', 'list'],
      problem: expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    });
  });
});
