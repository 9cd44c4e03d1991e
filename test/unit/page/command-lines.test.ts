import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dictFlag, lastListFlag } from '../../../src/cli/flags/parsers.js';
import { shellWord } from '../../../src/model/shell-word.js';
import { executionLines, runLine } from '../../../src/page/command-lines.js';
import { someJobName } from '../../support/jobs.js';

test('a shell reads back the words of a line', () => {
  const words = ['plain', '', "it's", 'a b', '$HOME', '`x`', '"', '--args=^;^a,b', 'ü', '\n', '*', '~'];
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
});

test.for([[['a', 'b']], [['a,b', 'c']], [['a,b;c', 'd|e']], [['^x', 'y']], [['--flag', '']], [['']], [['a', '', ',']]])(
  'a command line has the same arguments and variables: %j',
  ([args = []]) => {
    const env = args.map((value, i) => ({ name: `V${i}`, value }));
    const { localrun, gcloud } = runLine(someJobName, { containerOverrides: [{ args, env }] });
    const words = execFileSync('sh', ['-c', `printf '%s\\0' ${localrun}`], { encoding: 'utf8' }).split('\0');
    const value = (flag: string): string =>
      words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
    expect(lastListFlag('--args')(value('--args'))).toEqual(args);
    expect(Object.entries(dictFlag('--update-env-vars')(value('--update-env-vars')))).toEqual(
      env.map((one) => [one.name, one.value]),
    );
    expect(gcloud).toBe(localrun.replace(/^localrun/, 'gcloud run'));
  },
);

test('lines name the resource, its project and region, and the container of an override', () => {
  const where = '--region=us-central1 --project=p';
  expect(
    runLine(someJobName, { taskCount: 3, timeout: '90s', containerOverrides: [{ name: 'side', clearArgs: true }] }),
  ).toMatchObject({
    localrun: `localrun jobs execute nightly ${where} --tasks=3 --task-timeout=90s --container=side --args=`,
  });
  const lines = executionLines(`${someJobName}/executions/nightly-x7k2p`, someJobName, {}, true);
  expect(lines.map(({ localrun }) => localrun)).toContain(
    `localrun jobs executions report nightly-x7k2p ${where} --html > report.html`,
  );
  expect(lines).toContainEqual({
    title: 'Run only the tasks that failed',
    localrun: `localrun jobs execute nightly ${where} --failed-of=nightly-x7k2p`,
  });
  expect(lines.map(({ gcloud }) => gcloud)).toContain(
    `gcloud beta run jobs executions logs read nightly-x7k2p ${where}`,
  );
});
