import { beforeEach, describe, expect, test } from 'vitest';
import { type Cli, cli } from '../support/io.js';

let run: Cli['run'];

beforeEach(async () => {
  ({ run } = cli());
  await run('jobs create etl --image i --tasks 2 --labels team=a --set-env-vars A=yes,B=1');
  await run('jobs create hello --image j');
});

const printed = async (line: string): Promise<string> => {
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
    ['name', 'projects/p/locations/us-central1/jobs/etl'],
    ['template.taskCount,labels.team', '2\ta'],
    ['template.template.containers[0].env[1].name', 'B'],
    ['labels', '{"team":"a"}'],
    ['nothing.at.all,name.length', '\t'],
    ['template.template.containers[7].image', ''],
    ['constructor,__proto__.toString', '\t'],
  ])('of %s', async (paths, values) => {
    expect(await printed(`jobs describe etl --format value(${paths})`)).toBe(`${values}\n`);
  });

  test('of a list is a line an item', async () => {
    expect(await printed('jobs list --format value(template.taskCount)')).toBe('2\n1\n');
  });
});

test('none prints nothing', async () => {
  expect(await printed('jobs describe etl --format none')).toBe('');
  expect(await printed('jobs list --format=none')).toBe('');
});

test.each([
  ['jobs list', 'json, yaml, value(PATH,...), none'],
  ['jobs create new --image i', 'json, yaml, value(PATH,...), none'],
  ['jobs describe etl', 'json, yaml, value(PATH,...), none, export'],
])('%s knows no other format, and does nothing', async (line, formats) => {
  for (const format of ['table', 'JSON', 'value()', 'value', '']) {
    const { code, stdout, stderr } = await run([...line.split(' '), `--format=${format}`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`argument --format: must be one of ${formats}; received: ${format}\n`);
  }
  expect(await printed('jobs list --format value(name)')).not.toContain('new');
});

test('export is for describe only', async () => {
  expect(await run('jobs list --format export')).toMatchObject({ code: 2, stdout: '' });
  expect(await printed('jobs describe etl --format export')).toContain(
    'apiVersion: run.googleapis.com/v1\nkind: Job\n',
  );
});
