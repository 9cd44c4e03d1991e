import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { withFlagsFiles } from '../../../../src/cli/flags/flags-file.js';
import { dictFlag, listFlag } from '../../../../src/cli/flags/parsers.js';
import { tempDirectory } from '../../../support/temp.js';

async function expanded(text: string, argv: string[] = ['jobs', 'create', 'x', '--flags-file=f.yaml', '-q']) {
  const directory = tempDirectory();
  writeFileSync(path.join(directory, 'f.yaml'), text);
  return withFlagsFiles(argv, { cwd: directory });
}

/** What comes of the value of one flag. */
const valueOf = async (text: string): Promise<string> =>
  (await expanded(text, ['--flags-file', 'f.yaml']))[0]?.replace(/^--\w+=/, '') ?? '';

describe('a flags file', () => {
  test('puts its flags where it is named', async () => {
    expect(await expanded('--image: i\n--async:\n--wait: false\n--tasks: 3\n')).toEqual([
      ...['jobs', 'create', 'x', '--image=i', '--async', '--no-wait', '--tasks=3', '-q'],
    ]);
    expect(await expanded('- --image: i\n- {"--tasks": 3}\n')).toContain('--tasks=3');
    expect(
      await expanded('--add-volume:\n- {name: a, type: x}\n- {name: b, type: y}\n', ['--flags-file=f.yaml']),
    ).toEqual(['--add-volume=^##^name=a##type=x', '--add-volume=^##^name=b##type=y']);
  });

  test.each([[[]], [['']], [['a', '']], [['a,b', 'c##d', '^x^y']], [['--verbose', '1']]])(
    'keeps the list %j',
    async (items) => {
      expect(listFlag('--args')(await valueOf(JSON.stringify({ '--args': items })))).toEqual(items);
    },
  );

  test('keeps a map', async () => {
    const map = { A: '1,2', B: 'x=y', C: '' };
    expect(dictFlag('--labels')(await valueOf(JSON.stringify({ '--labels': map })))).toEqual(map);
  });

  test('leaves text to the flag, and all after -- alone', async () => {
    expect(listFlag('--args')(await valueOf('--args: a,b'))).toEqual(['a', 'b']);
    expect(await expanded('--a: b', ['--', '--flags-file=f.yaml'])).toEqual(['--', '--flags-file=f.yaml']);
  });

  test.each<[text: string, message: RegExp]>([
    ['image: i', /image is not a flag; flags begin with --/],
    ['- 1', /must be a map of flags/],
    ['--x: [', /is not valid YAML/],
    ['--x: [[1]]', /a value of --x must be text or a number/],
    ['--flags-file: f.yaml', /named by too many other flags files/],
    ['--flags-file: none.yaml', /\[none\.yaml\] cannot be read/],
  ])('with %j is refused', async (text, message) => {
    await expect(expanded(text)).rejects.toThrow(message);
  });
});
