import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { homeObstacle } from '../../src/store/directory.js';
import { cli, type Outcome } from '../support/io.js';

describe('a command line that cannot be meant', () => {
  test.each<[line: string | string[], command: string, message: string, code?: number]>([
    ['jobz', '', "unknown command 'jobz' (Did you mean jobs?)"],
    ['run -f job.yaml', '', "unknown command 'run'"],
    ['jobs lst', 'jobs', "unknown command 'lst' (Did you mean list?)"],
    ['jobs executions tasks lits', 'jobs.executions.tasks', "unknown command 'lits' (Did you mean list?)"],
    ['jobs list --fromat json', 'jobs.list', "unknown option '--fromat' (Did you mean --format?)"],
    ['jobs list extra', 'jobs.list', "too many arguments for 'list'. Expected 0 arguments but got 1."],
    ['jobs describe', 'jobs.describe', "missing required argument 'job'"],
    ['jobs create', 'jobs.create', 'argument JOB: Must be specified.', 1],
    ['jobs create etl', 'jobs.create', 'argument --image: Must be specified.', 1],
    ['jobs create etl --image', 'jobs.create', "option '--image <image>' argument missing"],
    ['jobs create etl --image --tasks 2', 'jobs.create', 'argument --image: expected one argument'],
    ['jobs execute', 'jobs.execute', 'argument JOB: Must be specified.', 1],
    ['jobs run', 'jobs.run', 'argument JOB: Must be specified.', 1],
    ['jobs validate', 'jobs.validate', 'argument FILE: Must be specified.'],
    [
      'jobs executions tasks list',
      'jobs.executions.tasks.list',
      "required option '--execution <execution>' not specified",
    ],
    ['jobs execute etl --wait --async', 'jobs.execute', 'At most one of --async | --wait can be specified.'],
    ['jobs list --region Us', 'jobs.list', 'argument --region: invalid value [Us]', 1],
    ['jobs list --project ../x', 'jobs.list', 'argument --project: invalid value [../x]', 1],
    ['jobs list --limit 0', 'jobs.list', 'argument --limit: Value must be greater than or equal to 1; received: 0'],
  ])('%s', async (line, command, message, expected = 2) => {
    const { code, stdout, stderr } = await cli().run(line);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`ERROR: ${command && `(localrun.${command}) `}${message}`);
  });
});

describe('a missing job is asked for on a terminal', () => {
  test.each<[line: string, stdin: string, question: string, code: number, stderr: RegExp]>([
    ['jobs create --image gcr.io/p/my_image:tag', '\n', 'Job name (myimage):  ', 0, /Job \[myimage\] has successfully/],
    ['jobs deploy --image localhost:5000/a.p.p', 'x\n', 'Job name (app):  ', 0, /Job \[x\] has successfully/],
    ['jobs create --image i', 'Etl\n', 'Job name (i):  ', 1, /Invalid job name \[Etl\]/],
    ['jobs update --tasks 2', ' etl \n', 'Job name:  ', 1, /Job \[etl\] could not be found/],
    ['jobs execute', 'etl\n', 'Job name:  ', 1, /Resource 'etl'/],
    ['jobs run', 'etl\n', 'Job name:  ', 1, /Cannot find job \[etl\]/],
    ['jobs execute', '\n', 'Job name:  ', 1, /argument JOB: Must be specified/],
    ['jobs execute', '', 'Job name:  ', 1, /argument JOB: Must be specified/],
  ])('%s, answered %j', async (line, stdin, question, code, answer) => {
    const { code: ended, stderr } = await cli({ terminal: 80 }).run(line, { stdin });
    expect({ ended, question: stderr.slice(0, question.length) }).toEqual({ ended: code, question });
    expect(stderr).toMatch(answer);
  });

  test('but not with --quiet, nor where the command does not ask in gcloud', async () => {
    for (const [line, expected] of [
      ['jobs execute --quiet', 1],
      ['jobs describe', 2],
    ] as const) {
      const { code, stderr } = await cli({ terminal: 80 }).run(line, { stdin: 'etl\n' });
      expect([code, stderr.split('\n')[0]]).toEqual([expected, expect.stringMatching(/^ERROR: .*(JOB|'job')/)]);
    }
  });
});

test.each([
  ['run -f job.yaml', 2, 'Did you mean localrun jobs run?'],
  ['jobs execute job.yaml', 1, 'Try: run the spec: localrun jobs run job.yaml'],
  ['jobs run nightly', 1, 'Try: give a spec with -f FILE, --image IMAGE, or --source DIRECTORY'],
])('%s gets a suggestion', async (line, code, advice) => {
  const outcome = await cli().run(line);
  expect(outcome).toMatchObject({ code, stdout: '' });
  expect(outcome.stderr.split('\n').at(-2)).toBe(advice);
});

test.each([
  ['run jobs list', 'drop `run`: localrun jobs list'],
  ['beta run jobs executions list --region r', 'drop `run`: localrun jobs executions list'],
  ['gcloud run jobs deploy etl --image i', 'drop `gcloud run`: localrun jobs deploy etl'],
  ['jobs create etl --image i --env A=b', 'did you mean --set-env-vars KEY=VALUE,...?'],
  ['jobs deploy etl --image i -e A=b', 'did you mean --set-env-vars KEY=VALUE,...?'],
  ['jobs run etl --env-vars=A=b', 'did you mean --set-env-vars KEY=VALUE,...?'],
  ['jobs execute etl --env A=b', 'did you mean --update-env-vars KEY=VALUE,...?'],
  ['jobs execute etl --set-env-vars A=b', 'did you mean --update-env-vars KEY=VALUE,...?'],
  ['jobs update etl --timeout 5m', 'did you mean --task-timeout duration?'],
  ['jobs execute etl --timeout 5m', 'did you mean --task-timeout duration?'],
  ['jobs create etl --image i --retries 3', 'did you mean --max-retries count?'],
  ['jobs update etl --source .', 'localrun jobs deploy --source DIRECTORY builds the image, and changes the job'],
  ['jobs create etl --port 8080', 'omit --port: it is for services'],
  ['jobs create --name etl', 'give the name of the job without a flag'],
  ['jobs list -o json', 'did you mean --format format?'],
  ['jobs delete etl -y', 'did you mean --quiet?'],
  ['jobs logs read etl --follow', 'localrun jobs logs tail'],
  ['jobs run etl --wait', 'omit --wait: run waits until the execution has ended'],
  ['jobs run etl --async', 'localrun jobs execute JOB runs a job in the background'],
  ['jobs execute etl --image i', 'localrun jobs update JOB --image, and then execute it'],
  ['jobs execute etl --retries 3', 'localrun jobs update JOB --max-retries, and then execute it'],
  ['jobs replace job.yaml --memory 1Gi', 'set it in the file, or use localrun jobs deploy -f FILE --memory'],
])('%s gets the words to write instead', async (line, advice) => {
  const { code, stdout, stderr } = await cli().run(line);
  expect([code, stdout]).toEqual([2, '']);
  expect(
    stderr
      .split('\n')
      .at(-2)
      ?.replace(/^Try: |^D/, (begin) => (begin === 'D' ? 'd' : '')),
  ).toContain(advice);
});

describe('a value of a flag that it cannot have', () => {
  test.each<[flag: string, message: string, code?: number]>([
    ['--tasks=abc', '--tasks: Value must be an integer; received: abc'],
    ['--tasks=1.5', '--tasks: Value must be an integer; received: 1.5'],
    ['--tasks=0', '--tasks: Value must be greater than or equal to 1; received: 0'],
    ['--parallelism=-1', '--parallelism: Value must be greater than or equal to 0; received: -1'],
    ['--max-retries=-1', '--max-retries: Value must be greater than or equal to 0; received: -1'],
    ['--task-timeout=0', '--task-timeout: value must be greater than or equal to 1s; received: 0'],
    ['--task-timeout=1h1', '--task-timeout: "1h1" is not a duration such as 600, 10m5s, 1.5h'],
    ['--task-timeout=1.5s', '--task-timeout: value must be a whole number of seconds; received: 1.5s', 1],
    ['--args=a,b,a', '--args: "a" cannot be specified multiple times'],
    ['--args=a --args=a', '--args: "a" cannot be specified multiple times'],
    ['--set-env-vars=A', '--set-env-vars: Bad syntax for dict arg: [A]. Write KEY=VALUE.'],
    ['--set-env-vars==v', '--set-env-vars: Invalid flag value [=v]'],
    ['--labels=A=1 --labels=A=2', '--labels: "A" cannot be specified multiple times; received: 1, 2'],
  ])('%s', async (flags, message, code = 2) => {
    const { run } = cli();
    expect(await run(`jobs create etl --image i ${flags}`)).toEqual({
      code,
      stdout: '',
      stderr: `ERROR: (localrun.jobs.create) argument ${message}\n`,
    });
    expect((await run('jobs list')).stdout).toBe('');
  });
});

describe('help', () => {
  test.each([
    ['--help', 'Usage: localrun [options] [command]'],
    ['help', 'Usage: localrun [options] [command]'],
    ['jobs --help', 'Usage: localrun jobs [options] [command]'],
    ['jobs run -h', 'Usage: localrun jobs run [options] [job]'],
    ['help jobs run', 'Usage: localrun jobs run [options] [job]'],
    ['help jobs executions tasks list', 'Usage: localrun jobs executions tasks list [options]'],
    ['help environment', 'Environment variables:'],
    ['help global', 'Global flags, which every command takes:'],
  ])('%s goes to stdout', async (line, first) => {
    const { code, stdout, stderr } = await cli().run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(first);
  });

  test('is what localrun alone prints', async () => {
    const { run } = cli();
    expect(await run('')).toEqual(await run('--help'));
  });

  test.each(['jobs', 'jobs executions'])('of %j, which is no command yet, goes to stderr', async (line) => {
    const { code, stdout, stderr } = await cli().run(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`Usage: localrun ${line} [options] [command]`);
  });

  test('is no wider than the terminal', async () => {
    const { run } = cli();
    const lines = ['--help', 'jobs --help', 'jobs run --help', 'prune --help', 'help environment', 'help global'];
    for (const line of lines) {
      const { stdout } = await run(line, { terminal: 80 });
      expect(stdout.split('\n').filter((row) => row.length > 80)).toEqual([]);
    }
  });

  test('leaves examples whole on a narrow terminal', async () => {
    const { stdout } = await cli().run('jobs validate --help', { terminal: 60 });
    expect(stdout).toContain('\n  gcloud run jobs describe nightly --format export | localrun jobs validate -\n');
    expect(stdout).toContain('\nExits with 1 if anything is wrong. With --format json,\nprints the problems');
  });

  test('has the flags of every day first, those without effect last, and points to the global ones', async () => {
    const { stdout } = await cli().run('jobs run --help');
    const headings = stdout.match(/^\S.*:$/gm);
    expect(headings).toEqual([
      ...['Arguments:', 'Options:'],
      'Flags that run some of the tasks only, with their real index and count:',
      'Local flags, which win over localrun.yaml; --no-... turns one off:',
      ...['Local flags for this run only:', 'More container flags:', 'More job flags:'],
      ...['Flags without effect on this machine, kept for Cloud Run:', 'Examples:'],
    ]);
    expect(stdout).not.toMatch(/^ +(-q, )?--(project|format|quiet)/m);
    expect(stdout).toContain('\nGlobal flags, such as --project and --format: localrun help global\n');
    expect((await cli().run('help global')).stdout).toMatch(/^ +--project <id>[^]*^ +-q, --quiet/m);
  });

  test('of what is not there', async () => {
    expect(await cli().run('help jobs lst')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'ERROR: (localrun.help) There is no command [jobs lst].\nTry: localrun --help\n',
    });
  });
});

test('--version is that of the package', async () => {
  expect(await cli().run('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
});

test('a value in the environment that cannot be meant is a usage error', async () => {
  const { code, stderr } = await cli().run('jobs list', { env: { LOCALRUN_MAX_PARALLELISM: 'many' } });
  expect(code).toBe(2);
  expect(stderr).toContain('LOCALRUN_MAX_PARALLELISM must be a whole number greater than 0, got many');
});

const unmade = (directory: string, obstacle: string): Outcome => ({
  code: 1,
  stdout: '',
  stderr: `ERROR: (localrun.jobs.list) The state directory ${directory} cannot be made: ${obstacle}.\nTry: name another directory in LOCALRUN_HOME\n`,
});

test.each([
  ['file', 'file is not a directory'],
  ['file/x/y', 'file is not a directory'],
  ['dangling', 'dangling is a link to what is not there'],
])('a state directory that cannot be made is an error that says what is in its way: %s', async (below, obstacle) => {
  const { run, file, home } = cli();
  file('file', '');
  symlinkSync('/nonexistent/x', path.join(home, 'dangling'));
  const directory = path.join(home, below);
  const found = await run('jobs list', { env: { LOCALRUN_HOME: directory } });
  expect(found).toEqual(unmade(directory, path.join(home, obstacle)));
  expect(homeObstacle(directory)).toBe(path.join(home, obstacle));
  expect(homeObstacle(path.join(home, 'not', 'yet'))).toBeUndefined();
});

// Who asks again for as long as the parent seems to be missing never ends there, and no test could end him.
test.runIf(process.platform === 'linux')('a state directory in /proc is refused at once', () => {
  const env = { ...process.env, LOCALRUN_HOME: '/proc/x/y' };
  const program = path.join(import.meta.dirname, '..', '..', 'bin', 'localrun.js');
  const how = { env, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'jobs', 'list'], how);
  expect({ code: status, stdout, stderr }).toEqual(unmade('/proc/x/y', '/proc takes no new directories'));
});
