import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { docker } from '../support/client.js';
import { test } from '../support/home.js';

test.concurrent('a directory with a Dockerfile runs as the job that init makes of it', async ({ home }) => {
  const name = `localrun-test-init-${path.basename(path.dirname(home.directory)).replace(/^.*-/, '').toLowerCase()}`;
  const cwd = home.scratch(name);
  onTestFinished(() => void docker('image', 'rm', '--force', name));
  writeFileSync(
    path.join(cwd, 'Dockerfile'),
    'FROM localrun/busybox\nENV WHO=me\nENTRYPOINT ["sh", "-c"]\nCMD ["echo $WHO"]\n',
  );
  const made = await home.run(['init', 'hello'], { cwd });
  expect(made.exitCode, made.stderr).toBe(0);
  const command = /^ {2}localrun (jobs run .*)$/m.exec(made.stdout)?.[1] ?? '';
  expect(command).toBe('jobs run job.yaml --build .');
  const { exitCode, stderr } = await home.run(command.split(' '), { cwd });
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('task 0 │ me\n');
});
