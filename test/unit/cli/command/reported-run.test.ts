import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Context } from '../../../../src/cli/command/context.js';
import { reportedRun } from '../../../../src/cli/command/reported-run.js';
import { Interrupted, Reported } from '../../../../src/cli/errors.js';
import { parseReport } from '../../../../src/cli/flags/report.js';
import { defaultSettings } from '../../../../src/model/local/settings.js';
import { testIo } from '../../../support/io.js';
import { someExecution, someJob } from '../../../support/jobs.js';
import { ServiceWorld } from '../../../support/service.js';

/** Runs something whose report cannot be written at the end, although it could before. */
async function withLostDirectory(more: { show: () => Promise<void>; remove?: (world: ServiceWorld) => void }) {
  const world = new ServiceWorld();
  const execution = someExecution(someJob());
  world.store.saveJob(someJob());
  world.store.createExecution(execution, defaultSettings);
  const io = testIo(world.home);
  const directory = path.join(world.home, 'reports');
  mkdirSync(directory);
  const reports = await parseReport({ io }, { report: { json: 'reports/r.json' } });
  const context = { io, service: async () => world.call } as unknown as Context;
  const ended = reportedRun(context, reports, {
    job: 'nightly',
    run: async (begun) => {
      begun(execution);
      if (more.remove) more.remove(world);
      else rmSync(directory, { recursive: true });
    },
    show: more.show,
  });
  const thrown: unknown = await ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { thrown, stderr: io.stderr() };
}

test('a run whose report cannot be written at its end fails, and says why', async () => {
  const { thrown, stderr } = await withLostDirectory({ show: async () => {} });
  expect(thrown).toBeInstanceOf(Reported);
  expect(stderr).toMatch(/^ERROR: Cannot write reports\/r\.json: ENOENT: no such file or directory/);
});

test('a run that was interrupted stays interrupted if its report cannot be written', async () => {
  const show = async (): Promise<void> => {
    throw new Interrupted('SIGINT');
  };
  expect((await withLostDirectory({ show })).thrown).toBeInstanceOf(Interrupted);
});

test('of an execution that was deleted meanwhile there is no report', async () => {
  const { thrown, stderr } = await withLostDirectory({
    show: async () => {},
    remove: ({ store }) => store.removeExecution(someExecution(someJob()).name),
  });
  expect(thrown).toBeInstanceOf(Reported);
  expect(stderr).toBe('Execution [nightly-x7k2p] was deleted, so there is no report of it.\n');
});
