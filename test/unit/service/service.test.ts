import { expect, test } from 'vitest';
import { holds } from '../../../src/model/iam/conditions.js';
import { defaultSettings } from '../../../src/model/local/settings.js';
import { setIamPolicy } from '../../../src/service/iam.js';
import { createJob, getJob, updateJob } from '../../../src/service/jobs.js';
import { runJob } from '../../../src/service/run-job.js';
import { type Call, callOf } from '../../../src/service/service.js';
import { settingsOf } from '../../../src/service/executions.js';
import { jobInput, parent, someJobName as name } from '../../support/jobs.js';
import { owner, serviceError as error, ServiceWorld } from '../../support/service.js';

test('one service serves callers with permissions and settings of their own', async () => {
  const world = new ServiceWorld();
  const service = { ...world.call, enforced: holds };
  const as = (account: string, processLimit: number): Call =>
    callOf(service, { account, settings: { ...defaultSettings, processLimit } });
  const [boss, viewer, developer] = [as(owner, 1), as('viewer@b.c', 2), as('developer@b.c', 3)];
  createJob(boss, { parent, jobId: 'nightly', job: jobInput() });
  const bindings = [
    { role: 'roles/run.viewer', members: ['user:viewer@b.c'] },
    { role: 'roles/run.developer', members: ['user:developer@b.c'] },
  ];
  await setIamPolicy(boss, { resource: name, policy: { bindings } });

  expect(() => runJob(viewer, { name })).toThrow(error('PERMISSION_DENIED', /'run\.jobs\.run' denied/));
  const execution = runJob(developer, { name });
  expect(execution.creator).toBe('developer@b.c');
  expect(settingsOf(service, execution.name)).toMatchObject({ processLimit: 3 });
  updateJob(developer, { name, job: jobInput({ taskCount: 2 }) });
  expect(getJob(viewer, name)).toMatchObject({ creator: owner, lastModifier: 'developer@b.c' });
});
