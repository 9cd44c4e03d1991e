import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.js';

async function withJob(): Promise<Scenario> {
  const scenario = new Scenario();
  await scenario.ok(['jobs', 'create', 'nightly', '--image=i']);
  return scenario;
}

const binding = (member: string, role = 'roles/run.invoker', ...more: string[]): string[] => [
  `--member=${member}`,
  `--role=${role}`,
  ...more,
];

describe('the policy of a job', () => {
  test('grows and shrinks by bindings', async () => {
    const scenario = await withJob();
    const { out, err } = await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...binding('user:a@b.c')]);
    expect(err).toBe('Updated IAM policy for job [nightly].\n');
    expect(out).toMatch(
      /^bindings:\n- members:\n {2}- user:a@b\.c\n {2}role: roles\/run\.invoker\netag: \S+\nversion: 1\n$/,
    );
    await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...binding('allUsers')]);
    const policy = (await scenario.ok(['jobs', 'get-iam-policy', 'nightly'])).out;
    expect(policy).toContain('  - allUsers\n  - user:a@b.c\n');
    await scenario.ok(['jobs', 'remove-iam-policy-binding', 'nightly', ...binding('user:A@b.c')]);
    expect(await scenario.json(['jobs', 'get-iam-policy', 'nightly'])).toMatchObject({
      bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }],
    });
    const missing = await scenario.run(['jobs', 'remove-iam-policy-binding', 'nightly', ...binding('user:a@b.c')]);
    expect(missing).toEqual({
      code: 1,
      out: '',
      err: 'ERROR: (localrun.jobs.remove-iam-policy-binding) Policy binding with the specified principal and role not found!\n',
    });
  });

  test('tells bindings apart by their conditions', async () => {
    const scenario = await withJob();
    const condition = '--condition=^|^title=t|expression=request.time.getHours() in [1, 2]|description=d';
    await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...binding('allUsers', 'roles/run.viewer')]);
    await scenario.ok([
      'jobs',
      'add-iam-policy-binding',
      'nightly',
      ...binding('allUsers', 'roles/run.viewer', condition),
    ]);
    const without = binding('allUsers', 'roles/run.viewer');
    const unclear = await scenario.run(['jobs', 'remove-iam-policy-binding', 'nightly', ...without]);
    expect([unclear.code, unclear.err]).toEqual([
      1,
      expect.stringContaining('requires `--condition`, or `--condition=None`'),
    ]);
    const again = await scenario.run(['jobs', 'add-iam-policy-binding', 'nightly', ...without]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('`--condition=None`')]);
    await scenario.ok(['jobs', 'remove-iam-policy-binding', 'nightly', ...without, '--condition=None']);
    expect(await scenario.json(['jobs', 'get-iam-policy', 'nightly'])).toMatchObject({
      version: 3,
      bindings: [
        {
          role: 'roles/run.viewer',
          members: ['allUsers'],
          condition: { title: 't', expression: 'request.time.getHours() in [1, 2]', description: 'd' },
        },
      ],
    });
    const file = scenario.file('other.yaml', 'title: x\nexpression: "true"\n');
    await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...without, `--condition-from-file=${file}`]);
    await scenario.ok(['jobs', 'remove-iam-policy-binding', 'nightly', ...without, '--all']);
    expect(await scenario.json(['jobs', 'get-iam-policy', 'nightly'])).toEqual({ etag: expect.any(String) });
  });

  test('is replaced by a file, after a question if that has no etag', async () => {
    const scenario = await withJob();
    const file = scenario.file('policy.yaml', 'bindings:\n- role: roles/run.admin\n  members: [user:a@b.c]\n');
    const set = ['jobs', 'set-iam-policy', 'nightly', file];
    const refused = await scenario.run(set, 'n');
    expect(refused).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/Replace existing policy \(Y\/n\)\?/),
    });
    expect(refused.err).toContain('Aborted by user.');
    expect((await scenario.run(set)).err).toContain('This prompt could not be answered');
    expect((await scenario.ok(set, 'y')).out).toContain('roles/run.admin');
    expect((await scenario.ok([...set, '--quiet'])).out).toContain('roles/run.admin');
    const current = (await scenario.ok(['jobs', 'get-iam-policy', 'nightly', '--format=json'])).out;
    const exported = scenario.file('policy.json', current.replace('admin', 'viewer'));
    expect((await scenario.ok(['jobs', 'set-iam-policy', 'nightly', exported])).out).toContain('roles/run.viewer');
    const stale = await scenario.run(['jobs', 'set-iam-policy', 'nightly', exported]);
    expect(stale).toMatchObject({
      code: 1,
      err: expect.stringContaining('ABORTED: There were concurrent policy changes.'),
    });
  });

  test('that a file has wrong is refused with every problem at its place', async () => {
    const scenario = await withJob();
    const before = await scenario.json(['jobs', 'get-iam-policy', 'nightly']);
    const file = scenario.file(
      'policy.yaml',
      'etag: ACAB\nbindings:\n- role: invoker\n  members:\n  - user:a@b.c\n  - bob\n',
    );
    const { code, err } = await scenario.run(['jobs', 'set-iam-policy', 'nightly', file]);
    expect(code).toBe(1);
    expect(err).toBe(`ERROR: (localrun.jobs.set-iam-policy) policy.yaml has 2 problems:
policy.yaml:3:9: bindings[0].role: Invalid role: invoker
    - role: invoker
            ^
    Try: write roles/NAME, or projects/PROJECT/roles/NAME
policy.yaml:6:5: bindings[0].members[1]: The member bob is of an unknown type. Please set a valid type prefix for the member.
      - bob
        ^
    Try: the types are user:, serviceAccount:, group:, domain:, principal://, principalSet://, deleted:, allUsers and allAuthenticatedUsers
`);
    const misspelt = scenario.file('misspelt.yaml', 'binding: []\n');
    expect((await scenario.run(['jobs', 'set-iam-policy', 'nightly', misspelt])).err).toContain(
      'Did you mean bindings?',
    );
    expect(await scenario.json(['jobs', 'get-iam-policy', 'nightly'])).toEqual(before);
  });

  test.each([
    [['--condition=title=t'], 'Key [expression] required in dict arg but not provided'],
    [['--condition=title=t,expression=true,when=now'], 'Key [when] not recognized'],
    [['--condition=None', '--condition-from-file=x'], 'cannot be used with'],
  ])('needs a condition to be whole: %j', async (flags, message) => {
    const scenario = await withJob();
    const all = ['jobs', 'add-iam-policy-binding', 'nightly', ...binding('allUsers'), ...flags];
    expect(await scenario.run(all)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});

describe('callers', () => {
  test('are tested by the policy', async () => {
    const scenario = await withJob();
    await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...binding('user:ci@example.com')]);
    const asked = ['jobs', 'test-iam-permissions', 'nightly', 'run.jobs.run', 'run.jobs.delete'];
    expect((await scenario.ok([...asked, '--account=ci@example.com'])).out).toBe('✔ run.jobs.run\nX run.jobs.delete\n');
    expect(await scenario.json([...asked, '--account=ci@example.com'])).toEqual({ permissions: ['run.jobs.run'] });
    expect((await scenario.ok(asked)).out).toBe('✔ run.jobs.run\n✔ run.jobs.delete\n');
    const all = await scenario.ok(['jobs', 'test-iam-permissions', 'nightly', '--account=nobody@example.com']);
    expect(all.out).not.toContain('✔');
    expect(await scenario.run([...asked, 'run.jobs.*'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Permission run.jobs.* is not valid for this resource.'),
    });
  });

  test('who may do nothing can do nothing once policies are enforced', async () => {
    const scenario = await withJob();
    const describing = ['jobs', 'describe', 'nightly', '--account=ci@example.com'];
    await scenario.ok(describing);
    scenario.env = { ...scenario.env, LOCALRUN_ENFORCE_IAM: 'true' };
    expect(await scenario.run(describing)).toEqual({
      code: 1,
      out: '',
      err: `ERROR: (localrun.jobs.describe) PERMISSION_DENIED: Permission 'run.jobs.get' denied on resource 'projects/p/locations/us-central1/jobs/nightly' (or resource may not exist).
Try: the caller is ci@example.com; dev@laptop may do everything
`,
    });
    const viewer = binding('user:ci@example.com', 'roles/run.viewer');
    await scenario.ok(['jobs', 'add-iam-policy-binding', 'nightly', ...viewer]);
    await scenario.ok(describing);
    scenario.env = { ...scenario.env, LOCALRUN_ACCOUNT: 'ci@example.com' };
    await scenario.ok(['jobs', 'describe', 'nightly']);
    for (const denied of [
      ['delete', 'nightly', '-q'],
      ['list'],
      ['create', 'other', '--image=i'],
      ['update', 'nightly', '--tasks=2'],
    ]) {
      expect(await scenario.run(['jobs', ...denied])).toMatchObject({
        code: 1,
        err: expect.stringContaining('PERMISSION_DENIED: Permission'),
      });
    }
    scenario.env = { ...scenario.env, LOCALRUN_ENFORCE_IAM: 'yes' };
    expect(await scenario.run(['jobs', 'list'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('true or false'),
    });
  });

  test('are shown as creators', async () => {
    const scenario = new Scenario();
    await scenario.ok(['jobs', 'create', 'nightly', '--image=i', '--account=a@b.c']);
    expect(await scenario.json(['jobs', 'describe', 'nightly'])).toMatchObject({ creator: 'a@b.c' });
  });
});
