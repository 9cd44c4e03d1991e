import path from 'node:path';
import Database from 'libsql';
import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.js';

const image = '--image=localrun/busybox:latest';

/** A spec whose job starts an execution when it is written. */
const withToken = (token: string): string =>
  `template: {template: {containers: [{image: 'localrun/busybox:latest'}]}}\n${token}\n`;

describe('jobs deploy', () => {
  test('creates a job, and changes one that is there', async () => {
    const scenario = new Scenario();
    const first = await scenario.ok(['jobs', 'deploy', 'etl', image, '--tasks=2', '--set-env-vars=A=1']);
    expect(first).toMatchObject({
      out: '',
      err: `Deploying container to Cloud Run job [etl] in project [p] region [us-central1]
Creating job...
Done.
Job [etl] has successfully been deployed.

To execute this job, use:
localrun jobs execute etl
`,
    });
    await scenario.ok(['jobs', 'deploy', 'etl', image, '--update-env-vars=B=2', '--async']);
    expect(await scenario.json(['jobs', 'describe', 'etl'])).toMatchObject({
      generation: '2',
      template: { taskCount: 2, template: { containers: [{ env: [{ name: 'A' }, { name: 'B' }] }] } },
    });
  });

  test('wants an image, or a directory to build it from', async () => {
    const scenario = new Scenario();
    expect(await scenario.run(['jobs', 'deploy', 'etl'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Missing required argument [--image]: Requires a container image to deploy.'),
    });
    const wrong: [args: string[], message: string][] = [
      [['--source=none'], 'Cannot build none: there is no such directory.'],
      [['--source=gs://b/app.tar.gz'], 'Only directories of this machine are built, and not gs://b/app.tar.gz.'],
      [
        ['--container=a', '--source=.', '--container=b', '--source=.'],
        'Invalid value for [--container]: At most one container can be deployed from source.',
      ],
    ];
    for (const [args, message] of wrong) {
      const { code, err } = await scenario.run(['jobs', 'deploy', 'etl', ...args]);
      expect([code, err.split('\n')[0]]).toEqual([1, `ERROR: (localrun.jobs.deploy) ${message}`]);
    }
    expect(await scenario.run(['jobs', 'deploy', 'etl', '--source=.', image])).toMatchObject({
      code: 2,
      err: expect.stringContaining('At most one of --image | --source can be specified.'),
    });
    expect((await scenario.ok(['jobs', 'list'])).out).toBe('');
  });

  test('says what flags have made wrong in terms of those flags, and changes nothing', async () => {
    const scenario = new Scenario();
    await scenario.ok(['jobs', 'deploy', 'etl', image]);
    const before = await scenario.json(['jobs', 'describe', 'etl']);
    const wrong = ['--container=side', '--image=a b', '--max-retries=11', '--labels=A=x'];
    const { code, err } = await scenario.run(['jobs', 'deploy', 'etl', ...wrong]);
    expect(code).toBe(1);
    expect(err).toContain('ERROR: (localrun.jobs.deploy) Job [etl] is invalid:\n');
    expect(err).toContain('\n--labels: a label key has 1 to 63 characters');
    expect(err).toContain('\n--max-retries: must be a number between 0 and 10\n');
    expect(err).toContain('\n--container side --image: must be a container image path');
    expect(await scenario.json(['jobs', 'describe', 'etl'])).toEqual(before);
  });

  test('gives a GPU a kind, and forgets a justification with the next change', async () => {
    const scenario = new Scenario();
    const gpu = ['--gpu=1', '--cpu=4', '--memory=16Gi', '--no-gpu-zonal-redundancy'];
    const policy = ['--binary-authorization=default', '--breakglass=why'];
    const { err } = await scenario.ok(['jobs', 'deploy', 'etl', image, ...gpu, ...policy]);
    expect(err).toContain('No GPU type is provided, defaulting to nvidia-l4.');
    expect(await scenario.json(['jobs', 'describe', 'etl'])).toMatchObject({
      binaryAuthorization: { useDefault: true, breakglassJustification: 'why' },
      template: { template: { nodeSelector: { accelerator: 'nvidia-l4' }, gpuZonalRedundancyDisabled: true } },
    });
    await scenario.ok(['jobs', 'update', 'etl', '--tasks=2']);
    expect(await scenario.json(['jobs', 'describe', 'etl'])).toMatchObject({
      binaryAuthorization: { useDefault: true },
    });
    expect((await scenario.ok(['jobs', 'describe', 'etl', '--format=json'])).out).not.toContain('why');
  });

  test('takes its flags from a file', async () => {
    const scenario = new Scenario();
    const file = scenario.file('flags.yaml', `${image.replace('=', ': ')}\n--args: ['a,b', c]\n--labels: {team: x}\n`);
    await scenario.ok(['jobs', 'deploy', 'etl', `--flags-file=${file}`]);
    expect(await scenario.json(['jobs', 'describe', 'etl'])).toMatchObject({
      labels: { team: 'x' },
      template: { template: { containers: [{ args: ['a,b', 'c'] }] } },
    });
  });
});

describe('a wrong command', () => {
  test.each([
    [
      ['jobs', 'update', 'etl', '--async', '--wait'],
      'At most one of --async | [--execute-now --wait] can be specified.',
    ],
    [['jobs', 'execute', 'etl', '--async', '--wait'], 'At most one of --async | --wait can be specified.'],
    [['jobs', 'execute', 'etl', '--tail', '--wait'], 'At most one of --async | --tail | --wait can be specified.'],
    [
      ['jobs', 'execute', 'etl', '--args=a', '--container=b', '--args=b'],
      'When --container is specified --args must be specified after --container.',
    ],
    [['jobs', 'update', 'etl', '--labels=a=b', '--update-labels=a=b'], 'At most one of --labels | --update-labels'],
  ])('%j is refused', async (argv, message) => {
    expect(await new Scenario().run(argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });
});

describe('a job with an execution token', () => {
  test('is written and has started its execution when the command ends', async () => {
    const scenario = new Scenario();
    const file = scenario.file('job.yaml', withToken('runExecutionToken: v1'));
    await scenario.ok(['jobs', 'create', 'etl', '-f', file]);
    expect(scenario.spawned).toEqual(['projects/p/locations/us-central1/jobs/etl/executions/etl-v1']);
    expect(await scenario.json(['jobs', 'executions', 'describe', 'etl-v1'])).toMatchObject({ succeededCount: 1 });
    const named = scenario.file('named.yaml', `name: etl\n${withToken('runExecutionToken: v2')}`);
    await scenario.ok(['jobs', 'replace', named]);
    const latest = await scenario.ok(['jobs', 'executions', 'describe-latest', '--job=etl', '--format=value(name)']);
    expect(latest.out).toMatch(/etl-v2\n$/);
  });

  test('is reported when that has failed', async () => {
    const scenario = new Scenario();
    scenario.runtime.images.clear();
    const file = scenario.file('job.yaml', withToken('runExecutionToken: v1'));
    expect(await scenario.run(['jobs', 'create', 'etl', '-f', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining("Image 'localrun/busybox:latest' not found."),
    });
    await scenario.ok(['jobs', 'describe', 'etl']);
  });
});

describe('what was deleted', () => {
  test('is shown on demand', async () => {
    const scenario = new Scenario();
    await scenario.ok(['jobs', 'create', 'etl', '-f', scenario.file('job.yaml', withToken('runExecutionToken: v1'))]);
    const task = (await scenario.ok(['jobs', 'executions', 'tasks', 'describe', 'etl-v1-task0'])).out;
    expect(task).toMatch(
      /^✔ Task etl-v1-task0 in region us-central1\nRunning state: +Succeeded\nLast Attempt Result:\n/,
    );
    const described = ['jobs', 'executions', 'describe', 'etl-v1', '--format=json'];
    expect((await scenario.ok(described)).out).not.toContain('jobVersion');
    expect((await scenario.ok([...described, '--api-version=v1'])).out).toContain(
      '"run.googleapis.com/jobGeneration": "1"',
    );
    const refused = await scenario.run(['jobs', 'executions', 'delete', 'etl-v1'], 'n');
    expect(refused.err).toContain('Execution [etl-v1] will be deleted.\n\nDo you want to continue (Y/n)?');
    expect(refused.code).toBe(1);
    const { out, err } = await scenario.ok(['jobs', 'executions', 'delete', 'etl-v1', '--quiet']);
    expect([out, err]).toEqual(['', 'Deleting [etl-v1]...\ndone.\nDeleted execution [etl-v1].\n']);
    expect((await scenario.ok(['jobs', 'executions', 'list'])).out).toBe('');
    expect((await scenario.ok(['jobs', 'executions', 'list', '--show-deleted'])).out).toContain('etl-v1');
    expect(await scenario.run(['jobs', 'executions', 'describe', 'etl-v1'])).toMatchObject({ code: 1 });
    await scenario.ok(['jobs', 'executions', 'describe', 'etl-v1', '--show-deleted']);
    await scenario.ok(['jobs', 'delete', 'etl', '--quiet', '--async']);
    expect((await scenario.ok(['jobs', 'list'])).out).toBe('');
    expect((await scenario.ok(['jobs', 'list', '--show-deleted'])).out).toContain('etl');
    expect((await scenario.ok(['jobs', 'describe', 'etl', '--show-deleted'])).out).toContain('Job etl in region');
  });
});

test('describe-latest of a job that never ran says so', async () => {
  const scenario = new Scenario();
  await scenario.ok(['jobs', 'create', 'etl', image]);
  expect(await scenario.run(['jobs', 'executions', 'describe-latest', '--job=etl'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('Job [etl] has no executions.'),
  });
});

describe('what is done is reported in gcloud’s words', () => {
  const provisioned = 'Provisioning resources...done\n';
  const ended = `${provisioned}Starting execution...done\nRunning execution...done\n`;
  const where = 'Cloud Run job [etl] in project [p] region [us-central1]\n';
  const details = '\nView details about this execution by running:\nlocalrun jobs executions describe E\n';
  const again = '\nTo execute this job again, use:\nlocalrun jobs execute etl\n';
  const next = again.replace(' again', '');

  test.each<[line: string, err: string]>([
    ['create', `Creating ${where}Creating job...\nDone.\nJob [etl] has successfully been created.\n${next}`],
    ['create --async', `Creating ${where}Job [etl] is being created asynchronously.\n${next}`],
    [
      'create --execute-now',
      `Creating ${where}Creating and running job...\n${provisioned}Done.\nJob [etl] has successfully been created and started running execution [E].\n${details}${again}`,
    ],
    [
      'create --wait',
      `Creating ${where}Creating and running job...\n${ended}Done.\nJob [etl] has successfully been created and completed execution [E].\n${details}${again}`,
    ],
    [
      'update --wait',
      `Updating ${where}Updating and running job...\n${ended}Done.\nJob [etl] has successfully been updated and completed execution [E].\n${details}${again}`,
    ],
    [
      'deploy',
      `Deploying container to ${where}Updating job...\nDone.\nJob [etl] has successfully been deployed.\n${next}`,
    ],
  ])('jobs %s', async (line, err) => {
    const scenario = new Scenario();
    const [command = '', ...flags] = line.split(' ');
    if (command !== 'create') await scenario.ok(['jobs', 'create', 'etl', image]);
    const said = await scenario.ok(['jobs', command, 'etl', image, ...flags]);
    expect(said.err.replaceAll(/etl-[a-z0-9]{5}/g, 'E')).toBe(err);
  });

  test.each<[flags: string, err: string]>([
    ['', `Creating execution...\n${provisioned}Done.\nExecution [E] has successfully started running.\n${details}`],
    ['--wait', `Creating execution...\n${ended}Done.\nExecution [E] has successfully completed.\n${details}`],
    ['--async', `Execution [E] is being started asynchronously.\n${details}`],
  ])('jobs execute etl %s', async (flags, err) => {
    const scenario = new Scenario();
    await scenario.ok(['jobs', 'create', 'etl', image]);
    const said = await scenario.ok(['jobs', 'execute', 'etl', ...flags.split(' ').filter(Boolean)]);
    expect(said.err.replaceAll(/etl-[a-z0-9]{5}/g, 'E')).toBe(err);
  });

  test('and so is what has failed', async () => {
    const scenario = new Scenario();
    await scenario.ok(['jobs', 'create', 'etl', image]);
    scenario.runtime.images.clear();
    const { code, err } = await scenario.run(['jobs', 'execute', 'etl', '--wait']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^Creating execution\.\.\.\nProvisioning resources\.\.\.failed\nExecuting job failed\nERROR: \(localrun\.jobs\.execute\) The execution failed\. /,
    );
  });
});

test('replace waits until the job is ready, or not', async () => {
  const scenario = new Scenario();
  scenario.runtime.images.clear();
  const spec = (token: string): string =>
    scenario.file('job.yaml', `name: etl\n${withToken(`runExecutionToken: ${token}`)}`);
  expect(await scenario.ok(['jobs', 'replace', spec('v1'), '--async'])).toMatchObject({
    err: expect.stringContaining('Job [etl] is being created asynchronously.\n'),
  });
  expect(await scenario.run(['jobs', 'replace', spec('v2')])).toMatchObject({
    code: 1,
    err: expect.stringContaining("Image 'localrun/busybox:latest' not found."),
  });
  const same = await scenario.run(['jobs', 'replace', spec('v2'), '--async']);
  expect(same.err).toContain('Job [etl] is unchanged.');
});

test('a wrong replace, update or deploy leaves the stored job byte for byte as it was', async () => {
  const scenario = new Scenario();
  const good = 'name: etl\ntemplate: {template: {containers: [{image: i, env: [{name: A, value: "1"}]}]}}\n';
  await scenario.ok(['jobs', 'replace', scenario.file('job.yaml', good)]);
  const stored = (): unknown => {
    const db = new Database(path.join(scenario.home, 'localrun.db'));
    const rows: unknown = db.prepare('SELECT * FROM job').raw().all();
    db.close();
    return rows;
  };
  const before = stored();
  const spec = (text: string): string => scenario.file('wrong.yaml', text);
  for (const argv of [
    ['replace', spec('name: etl\ntemplate: {template: {containers: []}}\n')],
    ['replace', spec(`${good}  typo: 1\n`)],
    ['replace', spec(good.replace('image: i', 'image: a b'))],
    ['update', 'etl', '--tasks=10001'],
    ['update', 'etl', '--args=a', '--max-retries=11'],
    ['update', 'etl', '--update-secrets=A=s:1'],
    ['deploy', 'etl', '--image=a b'],
    ['create', 'etl', '--image=j'],
  ]) {
    const { code } = await scenario.run(['jobs', ...argv]);
    expect([argv, code > 0]).toEqual([argv, true]);
    expect(stored()).toEqual(before);
  }
});
