import { expect, test } from 'vitest';
import { overridden } from '../../../src/model/overrides.js';
import type { Overrides } from '../../../src/model/schema/run.js';
import { annotatedWith } from '../../../src/model/task-selection.js';
import { overridesLike } from '../../../src/page/overrides.js';
import { someExecution, someJob } from '../../support/jobs.js';

const one = someJob({ taskCount: 3 }, { containers: [{ image: 'a', args: ['x'], env: [{ name: 'A', value: '1' }] }] });
const two = someJob(
  {},
  {
    containers: [
      { image: 'a', name: 'main', ports: [{ containerPort: 1 }] },
      { image: 'b', name: 'side' },
    ],
  },
);

test.for<[string, typeof one, Overrides]>([
  ['nothing', one, {}],
  ['tasks and timeout', one, { taskCount: 7, timeout: '90s' }],
  ['arguments and variables', one, { containerOverrides: [{ args: ['y', 'z'], env: [{ name: 'B', value: '2' }] }] }],
  ['no arguments', one, { containerOverrides: [{ clearArgs: true }] }],
  ['one of several containers', two, { containerOverrides: [{ name: 'side', args: ['y'] }] }],
])('an execution is run again as it ran: %s', ([, job, overrides]) => {
  const { taskCount, task } = overridden(job.template, overrides);
  const execution = { ...someExecution(job), taskCount, template: task };
  expect(overridesLike(execution, job)).toEqual(overrides);
});

test('an execution of some tasks is run again with all of them', () => {
  const annotations = annotatedWith({}, { indexes: [1, 4] }, 7) ?? {};
  expect(overridesLike({ ...someExecution(one), taskCount: 2, annotations }, one)).toEqual({ taskCount: 7 });
});
