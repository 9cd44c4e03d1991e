import { expect, test } from 'vitest';
import type { Context } from '../../../../src/cli/command/context.js';
import { run } from '../../../../src/cli/commands/debug.js';
import { Interrupted } from '../../../../src/cli/errors.js';
import { StatusError } from '../../../../src/model/errors.js';
import { shortName } from '../../../../src/model/names.js';
import { defaultSettings } from '../../../../src/model/local/settings.js';
import { handleOf } from '../../../../src/runtime/docker/attempts/names.js';
import { testIo } from '../../../support/io.js';
import { parent, someExecution, someJob, someTask, someTime } from '../../../support/jobs.js';
import { ServiceWorld } from '../../../support/service.js';

test('Ctrl-C while a toolbox is pulled is no failure of the container engine', async () => {
  const { call, store, runtime, home } = new ServiceWorld();
  const job = someJob();
  store.saveJob(job);
  const { name } = someExecution(job);
  store.createExecution(someExecution(job), defaultSettings);
  store.saveTask(name, someTask(0));
  const times = { createTime: someTime, startTime: someTime, mainStartTime: someTime };
  store.saveAttempt(name, { task: 0, attempt: 0, name: 'c', handle: handleOf({ container: 'c' }), ...times });
  const io = testIo(home);
  runtime.openShell = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new StatusError('UNAVAILABLE', 'docker was killed by SIGTERM.')));
      io.signal('SIGINT');
    });
  const context = {
    io,
    config: { ...parent, toolbox: 'busybox' },
    service: async () => call,
    runner: async () => call,
  } as unknown as Context;
  await expect(run(context, {}, shortName(name))).rejects.toEqual(new Interrupted('SIGINT'));
});
