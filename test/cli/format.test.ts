import { beforeEach, describe, expect, test } from 'vitest';
import { type Cli, cli } from '../support/io.js';

let run: Cli['run'];

beforeEach(async () => {
  ({ run } = cli());
  await run('jobs create etl --image i --tasks 2 --labels team=a --set-env-vars A=yes,B=1');
  await run('jobs create hello --image j');
});

const printed = async (line: string | string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

test('json is the v2 resource, a list an array of them', async () => {
  const etl = JSON.parse(await printed('jobs describe etl --format json')) as object;
  expect(etl).toMatchObject({ name: 'projects/p/locations/us-central1/jobs/etl', generation: '1' });
  expect(JSON.parse(await printed('jobs list --format=json'))).toMatchObject([etl, {}]);
});

test('yaml has its keys in order, a list one document an item', async () => {
  const text = await printed('jobs describe etl --format yaml');
  expect(text).toContain('\nlabels:\n  team: a\n');
  // What other readers of YAML take for a boolean or a number stays text.
  expect(text).toContain("- name: A\n        value: 'yes'\n      - name: B\n        value: '1'\n");
  const keys = text.match(/^\w+(?=:)/gm) ?? [];
  expect(keys).toEqual(keys.toSorted());
  expect((await printed('jobs list --format yaml')).match(/^---$/gm)).toHaveLength(2);
});

describe('value(...)', () => {
  test.each([
    ['name', 'etl'],
    ['name,region', 'etl\tus-central1'],
    ['template.taskCount,labels.team', '2\ta'],
    ['template.template.containers[0].env[1].name', 'B'],
    ['labels', 'team=a'],
    ['nothing.at.all,name.length', '\t'],
    ['template.template.containers[7].image', ''],
    ['constructor,__proto__.toString', '\t'],
    // gcloud's own fields are there as well.
    ['metadata.name,spec.template.spec.taskCount', 'etl\t2'],
    ['status.conditions.status,kind', 'True\tJob'],
    ['metadata.labels."cloud.googleapis.com/location"', 'us-central1'],
    ['firstof(metadata.nothing,metadata.name)', 'etl'],
  ])('of %s', async (paths, values) => {
    expect(await printed(['jobs', 'describe', 'etl', `--format=value(${paths})`])).toBe(`${values}\n`);
  });

  test('of a list is a line an item', async () => {
    expect(await printed('jobs list --format value(template.taskCount)')).toBe('2\n1\n');
  });
});

test('--api-version v1 prints what gcloud prints, and export is always that', async () => {
  const v1 = JSON.parse(await printed('jobs describe etl --format json --api-version v1')) as object;
  expect(v1).toMatchObject({
    apiVersion: 'run.googleapis.com/v1',
    metadata: { name: 'etl', generation: 1 },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const env = { LOCALRUN_API_VERSION: 'v1' };
  expect(JSON.parse((await run('jobs list --format json', { env })).stdout)).toMatchObject([{ kind: 'Job' }, {}]);
  expect((await run('jobs describe etl --format yaml --api-version v2', { env })).stdout).toContain(
    '\nname: projects/p/',
  );
});

test('tables, CSV and the rest print both lists and single resources', async () => {
  expect(await printed('jobs list --format table(name:label=JOB,region,template.taskCount:label=TASKS)')).toBe(
    'JOB    REGION       TASKS\netl    us-central1  2\nhello  us-central1  1\n',
  );
  expect(await printed('jobs list --format=csv(name,labels.team)')).toBe('job,team\netl,a\nhello,\n');
  expect(await printed('jobs describe hello --format=csv[no-heading](name,region)')).toBe('hello,us-central1\n');
  expect(await printed('jobs describe etl --format=flattened(labels,metadata.name)')).toBe(
    'labels.team: a\nname:        etl\n',
  );
  expect(await printed('jobs list --format=flattened(labels)')).toBe('---\nlabels.team: a\n---\n');
  expect(await printed('jobs describe etl --format=config(labels,template.taskCount)')).toBe(
    '[labels]\nteam = a\n[template]\ntaskCount = 2\n',
  );
  expect(await printed('jobs describe etl --format=multi(labels:format=json,template:format="value(taskCount)")')).toBe(
    '{\n  "team": "a"\n}\n2\n',
  );
  expect(await printed('jobs describe etl --format=object')).toContain("'labels': {'team': 'a'}");
  expect(JSON.parse(await printed('jobs list --format=json(labels.team)'))).toEqual([{ labels: { team: 'a' } }, null]);
  expect(await printed('jobs list --format=yaml(template.taskCount)')).toBe(
    '---\ntemplate:\n  taskCount: 2\n---\ntemplate:\n  taskCount: 1\n',
  );
});

describe('the columns of a list', () => {
  test.each([
    ['jobs list --format=table(name,region)', 'JOB    REGION\netl    us-central1\nhello  us-central1\n'],
    ['jobs describe etl --format=table(name,region)', 'NAME  REGION\netl   us-central1\n'],
    ['jobs list --limit=1 --format=csv(name,author)', 'job,created by\netl,dev@example.com\n'],
    ['jobs list --limit=1 --format=csv(metadata.name,name:label=X)', 'name,x\netl,etl\n'],
    // A label stands for its column, with what its function makes of the value.
    ['jobs list --limit=1 --format=value(JOB,CREATED)', 'etl\t2026-11-23 12:00:00 UTC\n'],
    ['jobs list --limit=1 --format=value(creation_timestamp)', '2026-11-23 12:00:00 UTC\n'],
    ['jobs list --limit=1 --format=value(CREATED.date(%Y))', '2026\n'],
    ['jobs list --limit=1 --format=value(creation_timestamp.date(%m/%Y))', '11/2026\n'],
    ['jobs list --limit=1 --format=get(creation_timestamp)', '2026-11-23T12:00:00.000000Z\n'],
    ['jobs list --limit=1 --format=table[no-heading](ready_symbol,JOB)', '✔  etl\n'],
  ])('%s', async (line, text) => {
    expect(await printed(line)).toBe(text);
  });
});

test('text and flattened name a value by the label of its key', async () => {
  expect(await printed('jobs describe etl --format=text(metadata.name,spec.template.spec.taskCount)')).toBe(
    'name:       etl\ntask_count: 2\n',
  );
  expect(await printed('jobs list --limit=1 --format=flattened(status.conditions[0].type)')).toBe('---\ntype: Ready\n');
  expect(await printed('jobs describe etl --format=text(status.conditions[].type:label=T)')).toBe(
    'status.conditions[0].type: Ready\n',
  );
});

test('what gcloud’s resources have not, json(…) has not either, in v1', async () => {
  const line = 'jobs list --format=json(name,region)';
  expect(await printed(`${line} --api-version=v1`)).toBe('[\n  null,\n  null\n]\n');
  expect(JSON.parse(await printed(line))).toMatchObject([{ name: 'projects/p/locations/us-central1/jobs/etl' }, {}]);
});

test('y and n are plain in yaml, and quoted in what `replace` reads', async () => {
  await run('jobs create letters --image i --args y,n,yes,---');
  expect(await printed('jobs describe letters --format=yaml')).toContain(
    "    - args:\n      - y\n      - n\n      - 'yes'\n      - '---'\n",
  );
  expect(await printed('jobs describe letters --format=export')).toContain("- 'y'\n");
});

test('--flatten makes a row of every item of a list', async () => {
  await run('jobs create two --container a --image i --container b --image j');
  const flatten = [
    '--flatten=template.template.containers[]',
    '--format=value(name,template.template.containers.image)',
  ];
  expect(await printed(['jobs', 'list', ...flatten])).toBe('etl\ti\nhello\tj\ntwo\ti\ntwo\tj\n');
  const inner = [
    '--flatten=spec.template.spec.template.spec.containers[].env[]',
    '--format=value(name,spec.template.spec.template.spec.containers.env.name)',
  ];
  expect(await printed(['jobs', 'list', '--filter=name=etl', ...inner])).toBe('etl\tA\netl\tB\n');
});

test('--filter shows a part, --uri addresses only', async () => {
  const names = async (...argv: string[]): Promise<string> =>
    printed(['jobs', 'list', '--format=value(name)', ...argv]);
  expect(await names('--filter=name=etl')).toBe('etl\n');
  expect(await names('--filter=metadata.name~^h')).toBe('hello\n');
  expect(await names('--filter=labels.team=a OR template.taskCount<2', '--sort-by=~name')).toBe('hello\netl\n');
  expect(await names('--filter=status.conditions.status=True', '--limit=1', '--page-size=5')).toBe('etl\n');
  expect(await printed('jobs list --uri')).toBe(
    'https://run.googleapis.com/v2/projects/p/locations/us-central1/jobs/etl\nhttps://run.googleapis.com/v2/projects/p/locations/us-central1/jobs/hello\n',
  );
  expect(await run('jobs list --filter nme=etl')).toEqual({
    code: 0,
    stdout: '',
    stderr: 'WARNING: The following filter keys were not present in any resource : nme\nListed 0 items.\n',
  });
  const { code, stderr } = await run(['jobs', 'list', '--filter=name=(']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('argument --filter: expected a value')]);
});

test('none prints nothing', async () => {
  expect(await printed('jobs describe etl --format none')).toBe('');
  expect(await printed('jobs list --format=none')).toBe('');
});

const formats =
  'json, yaml, value(KEY,...), csv(KEY,...), table(KEY,...), get(KEY,...), multi(KEY:format=FORMAT,...), list, flattened, config, object, none';

test.each([
  ['jobs list', formats],
  ['jobs create new --image i', formats],
  ['jobs describe etl', `${formats}, export`],
])('%s knows no other format, and does nothing', async (line, known) => {
  for (const format of ['xml', 'JSON', ' ']) {
    const { code, stdout, stderr } = await run([...line.split(' '), `--format=${format}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`argument --format: must be one of ${known}; received: ${format}\n`);
  }
  for (const format of ['table', 'value()', 'value']) {
    const { code, stdout, stderr } = await run([...line.split(' '), `--format=${format}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(' needs keys, such as ');
  }
  expect(await printed('jobs list --format value(name)')).not.toContain('new');
});

test('a key with if() is there if the flags of the command say so', async () => {
  const line = ['jobs', 'list', '--format=value(name,region.if(NOT sort_by))', '--limit=1'];
  expect(await printed(line)).toBe('etl\tus-central1\n');
  expect(await printed([...line, '--sort-by=name'])).toBe('etl\n');
});

test('export is for describe only', async () => {
  expect(await run('jobs list --format export')).toMatchObject({ code: 1, stdout: '' });
  expect(await printed('jobs describe etl --format export')).toContain(
    'apiVersion: run.googleapis.com/v1\nkind: Job\n',
  );
});
