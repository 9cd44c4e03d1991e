import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { fileWords, filesIn } from '../../../../src/cli/command/file-words.js';

const hidden = new Option('--access-token-file <file>').hideHelp();
const declared = new Command('update')
  .argument('[file]')
  .option('-f, --file <file>', '')
  .option('--env-vars-file <file>', '')
  .option('--image <image>', '')
  .option('--args <args>', '')
  .addOption(hidden);

function found(words: string, argument?: string): [words: string, files: string[]] {
  const list = words.split(' ').filter(Boolean);
  const { words: rewritten, files } = filesIn(list, fileWords(declared, [argument]), (name) =>
    name.replace('/abs', '..'),
  );
  return [rewritten.join(' '), files];
}

describe('the files that a command line names', () => {
  test.for<[line: string, argument: string | undefined, rewritten: string, files: string[]]>([
    ['update -f a.yaml', undefined, 'update -f a.yaml', ['a.yaml']],
    ['update -f/abs/a.yaml', undefined, 'update -f../a.yaml', ['../a.yaml']],
    ['update --file=/abs/a.yaml', undefined, 'update --file=../a.yaml', ['../a.yaml']],
    [
      'update --env-vars-file e.env --file a.yaml',
      undefined,
      'update --env-vars-file e.env --file a.yaml',
      ['e.env', 'a.yaml'],
    ],
    ['update /abs/b.yaml', '/abs/b.yaml', 'update ../b.yaml', ['../b.yaml']],
    ['update', undefined, 'update', ['job.yaml']],
    ['update -f -', undefined, 'update -f -', []],
    [
      'update --image a.yaml -f b --access-token-file t',
      undefined,
      'update --image a.yaml -f b --access-token-file t',
      ['b'],
    ],
    ['update /abs/a --args /abs/a', '/abs/a', 'update ../a --args /abs/a', ['../a']],
    ['update --args -f -f /abs/a', undefined, 'update --args -f -f ../a', ['../a']],
    ['update --args -- -f /abs/a', undefined, 'update --args -- -f ../a', ['../a']],
    ['update -f a -- -f b', undefined, 'update -f a -- -f b', ['a']],
  ])('%s', ([line, argument, rewritten, files]) => {
    expect(found(line, argument)).toEqual([rewritten, files]);
  });

  test('all values of an argument that takes several, which has no file in place of none', () => {
    const several = new Command('diff').argument('[job]').argument('[file...]');
    const words = (given: readonly unknown[]) => fileWords(several, given);
    expect(words(['nightly', ['a.yaml', '-']])).toMatchObject({ names: ['a.yaml', '-'], unnamed: undefined });
    expect(words(['nightly', []])).toMatchObject({ names: [], unnamed: undefined });
  });
});
