import { expect, test } from 'vitest';
import { Scenario } from './scenario.js';

const spec = (name: string): string =>
  JSON.stringify({
    ...{ name },
    template: {
      taskCount: 3,
      template: { maxRetries: 0, containers: [{ name, image: 'localrun/busybox:latest' }] },
    },
  });

/** A job that succeeds and one whose tasks fail, each executed once. */
async function world(): Promise<{ scenario: Scenario; id: (job: string) => Promise<string> }> {
  const scenario = new Scenario(({ name }) =>
    name.includes('sour') ? { prints: 'ERROR it went sour', exitCode: 3, ms: 1 } : { ms: 1 },
  );
  for (const name of ['sweet', 'sour']) {
    await scenario.ok(['jobs', 'create', '-f', scenario.file(`${name}.json`, spec(name))]);
    await scenario.run(['jobs', 'execute', name, '--wait']);
  }
  const id = async (job: string): Promise<string> =>
    (await scenario.ok(['jobs', 'executions', 'list', '--job', job, '--format=value(name)'])).out.trim();
  return { scenario, id };
}

const spans = (text: string): string => text.replaceAll(/ *\b[\d.]+s\b/g, ' SPAN');

test('a command that waits ends on a terminal as a run does, after the words of gcloud', async () => {
  const { scenario, id } = await world();
  const [sweet, sour] = [await id('sweet'), await id('sour')];
  const piped = await scenario.run(['jobs', 'executions', 'wait', sour]);
  expect(piped).toMatchObject({ code: 1, out: '' });
  expect(piped.err).toMatch(
    /^.*\n.*failed\.\n.*ERROR: .*\nView details .*:\nlocalrun jobs executions describe \S+\n\n$/,
  );

  scenario.terminal = 80;
  const failed = await scenario.run(['jobs', 'executions', 'wait', sour]);
  expect(failed).toMatchObject({ code: 1, out: '' });
  expect(spans(failed.err.slice(failed.err.indexOf('\n✗ ')))).toBe(`
✗ exit code 3: ERROR it went sour
  task 0   1 attempt SPAN
  task 1   1 attempt SPAN
  task 2   1 attempt SPAN

✗ All 3 tasks failed · ${sour} · SPAN
  again  localrun jobs run sour --failed-of ${sour}
  logs   localrun jobs executions logs read ${sour} --task 0
`);
  expect(failed.err).toContain(`describe ${sour}\n\n\n✗ `.replace('\n\n\n', '\n\n'));

  const succeeded = await scenario.run(['jobs', 'executions', 'wait', sweet, '--format=value(name)']);
  expect(succeeded).toMatchObject({ code: 0, out: `${sweet}\n` });
  expect(spans(succeeded.err)).toMatch(
    /describe \S+\n\n {2}task 0 SPAN\n(?:.*\n){4}✔ All 3 tasks succeeded · \S+ · SPAN\n$/,
  );

  scenario.env = { ...scenario.env, CI: 'true' };
  expect((await scenario.run(['jobs', 'executions', 'wait', sweet])).err).not.toContain('✔');
});
