import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

const fixture = (name: string): string => path.join(import.meta.dirname, '../fixtures/specs', name);

test('a plan with one job is a job spec for validate, replace, deploy and diff', async () => {
  const { run } = cli();
  const plan = fixture('odd/terraform-plan.json');
  const said =
    /env\[3\]\.value: is known only after terraform apply, and empty here\n[^]*--update-env-vars DB_HOST=VALUE/;
  expect(await run(`jobs validate ${plan}`)).toMatchObject({ code: 0, stdout: expect.stringMatching(said) });
  expect(await run(`jobs validate ${plan} --strict`)).toMatchObject({ code: 1 });
  const replaced = await run(`jobs replace ${plan}`);
  expect(replaced).toMatchObject({ code: 0, stderr: expect.stringMatching(said) });
  const job = await run('jobs describe nightly --project acme-prod --region europe-west1 --format json');
  expect(JSON.parse(job.stdout)).toMatchObject({ template: { taskCount: 8, template: { maxRetries: 0 } } });
  // A flag gives what the plan does not know, and diff does not compare it.
  const known = ['--update-env-vars', 'DB_HOST=10.0.0.3', '--quiet'];
  expect(await run(['jobs', 'deploy', '-f', plan, ...known])).toMatchObject({ code: 0 });
  const { code, stdout } = await run(`jobs diff ${plan} --format json`);
  expect({ code, diff: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    diff: {
      from: 'nightly (local job)',
      to: plan,
      equal: true,
      differences: [],
      unknown: ['template.template.containers[0].env[DB_HOST].value'],
    },
  });
  await run('jobs update nightly --tasks 9 --project acme-prod --region europe-west1 --quiet');
  const differs = await run(`jobs diff -f ${plan}`);
  const column = readFileSync(plan, 'utf8').indexOf('"task_count":8') + '"task_count":'.length + 1;
  expect(differs).toMatchObject({ code: 1 });
  expect(differs.stdout).toBe(
    `--- nightly (local job)\n+++ ${plan}\n@@ template.task_count ${plan}:1:${column} @@\n-9\n+8\n`,
  );
});

test('diff shows no value that Terraform marks as sensitive, on neither side', async () => {
  const { run, file } = cli();
  const plan = readFileSync(fixture('odd/terraform-plan.json'), 'utf8');
  const marks = '"sensitive_values":{"labels":{},"template":[{}]}';
  const env = [{ value: true }, {}, {}, {}, { value: true }];
  const template = [{ template: [{ containers: [{ env }] }] }];
  const marked = plan
    .replace(marks, `"sensitive_values":${JSON.stringify({ template })}`)
    .replace('{"name":"DB_HOST","value_source":[]}', '$&,{"name":"ADDED","value":"hunter3","value_source":[]}')
    .replace('"value":"info"', '"value":"hunter2"');
  expect(marked.length).toBeGreaterThan(plan.length + 100);
  await run(['jobs', 'replace', file('plan.json', plan.replace('"value":"info"', '"value":"hunter1"'))]);
  for (const format of [[], ['--format', 'json']]) {
    const { code, stdout } = await run(['jobs', 'diff', file('plan.json', marked), ...format]);
    expect(code).toBe(1);
    expect(stdout).not.toContain('hunter');
    expect(stdout.match(/\(sensitive value\)|ADDED/g)?.length).toBeGreaterThan(3);
  }
});

test('of a plan with several jobs, JOB and --region choose one; otherwise all are listed', async () => {
  const { run } = cli();
  const several = fixture('../terraform/several.json');
  const listed = `  report in europe-west1: google_cloud_run_v2_job.report[0]
  (named on apply) in europe-west1: google_cloud_run_v2_job.suffixed
  built in europe-west1: google_cloud_run_v2_job.built
  etl in europe-west1: module.jobs.google_cloud_run_v2_job.etl["eu"]
  etl in us-central1: module.jobs.google_cloud_run_v2_job.etl["us"]
`;
  for (const [line, which] of [
    [`jobs replace ${several}`, 'has 5 jobs:'],
    [`jobs deploy nope -f ${several}`, 'has 5 jobs, and none of them named nope:'],
  ] as const) {
    const { code, stderr } = await run(line);
    expect(code).toBe(1);
    expect(stderr).toContain(`${several} ${which}\n${listed}`);
    expect(stderr).toContain(`Try: name one of them as JOB, e.g. localrun jobs deploy report -f ${several}\n`);
  }
  expect(await run(`jobs deploy etl -f ${several}`)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/and 2 of them named etl:\n {2}etl in eu[^]*Try: choose one of them with --region/),
  });
  expect(await run(`jobs deploy etl --region us-central1 -f ${several} --quiet`)).toMatchObject({ code: 0 });
  expect(await run(`jobs deploy report -f ${several} --quiet`)).toMatchObject({ code: 0 });
  expect((await run('jobs list --project acme-prod --format=value(name,region)')).stdout).toBe(
    'etl\tus-central1\nreport\teurope-west1\n',
  );
  // Of the others nothing is read, so that an image without a name stops this one only.
  expect(await run(`jobs deploy built -f ${several}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('containers[0].image: is known only after terraform apply'),
  });
});

test('a broken plan changes nothing, and a plan above the size of a spec is read', async () => {
  const { run, file } = cli();
  const plan = readFileSync(fixture('odd/terraform-plan.json'), 'utf8');
  const cut = await run(`jobs replace ${file('cut.json', plan.slice(0, 5000))}`);
  expect(cut).toMatchObject({ code: 2, stdout: '' });
  expect(cut.stderr).toMatch(
    /cut\.json:1:4998: this plan of Terraform is not valid JSON: [^]*Try: write it again: terraform plan/,
  );
  const large = plan.replace('"prior_state":{', `"prior_state":{"padding":"${'x'.repeat(2 * 1024 * 1024)}",`);
  expect(await run('jobs replace -', { stdin: large })).toMatchObject({ code: 0 });
});
