import { describe, expect, test } from 'vitest';
import { cli } from '../../../support/io.js';

describe('global flags', () => {
  test.each([
    'jobs create etl --image i',
    '--project p jobs --region europe-west1 create etl --image i',
    '--verbosity=none beta jobs create etl --image i',
    'jobs create etl --image i --log-http --configuration c --billing-project b --trace-token t',
    'jobs create etl --image i --no-log-http --impersonate-service-account a --access-token-file f --verbosity debug',
  ])('%s creates the job where it says', async (line) => {
    const { run } = cli();
    expect(await run(line)).toMatchObject({ code: 0 });
    const place = line.includes('europe')
      ? 'projects/p/locations/europe-west1'
      : 'projects/[^/]+/locations/us-central1';
    expect((await run(`jobs list --uri${line.includes('europe') ? ' --project p' : ''}`)).stdout).toMatch(
      new RegExp(`/${place}/jobs/etl\n$`),
    );
  });

  test('a level of --verbosity that there is not is refused', async () => {
    expect(await cli().run('--verbosity loud jobs list')).toMatchObject({ code: 2, stdout: '' });
  });

  test.each<[line: string, env: Record<string, string>]>([
    ['jobs list --no-user-output-enabled', {}],
    ['--no-user-output-enabled jobs create other --image i', {}],
    ['jobs describe etl --format=json', { CLOUDSDK_CORE_USER_OUTPUT_ENABLED: 'false' }],
  ])('%s says nothing with %j', async (line, env) => {
    const { run } = cli({ terminal: 80 });
    await run('jobs create etl --image i');
    expect(await run(line, { env })).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('--user-output-enabled wins over the variable, and errors are reported all the same', async () => {
    const { run } = cli({ env: { CLOUDSDK_CORE_USER_OUTPUT_ENABLED: 'false' } });
    expect(await run('--user-output-enabled jobs list')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Listed 0 items.'),
    });
    expect(await run('jobs describe etl')).toMatchObject({ code: 1, stderr: expect.stringContaining('ERROR: ') });
  });

  test('CLOUDSDK_CORE_DISABLE_PROMPTS takes the default answers', async () => {
    const { run } = cli({ env: { CLOUDSDK_CORE_DISABLE_PROMPTS: '1' } });
    await run('jobs create etl --image i');
    expect(await run('jobs delete etl')).toMatchObject({ code: 0 });
    expect(await run('jobs create', { terminal: 80 })).toMatchObject({ code: 1 });
  });
});
