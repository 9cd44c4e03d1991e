import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { withDefaults } from '../../../src/model/defaults.js';
import { createdJob } from '../../../src/model/job.js';
import type { JobInput } from '../../../src/model/schema/job.js';
import { readJobs } from '../../../src/model/spec/read.js';
import { jobToV1 } from '../../../src/model/spec/v1.js';
import { someJobName } from '../../support/jobs.js';

const text = fc.string({ maxLength: 12 });
const id = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const labels = fc.dictionary(id, id, { minKeys: 1, maxKeys: 3 });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const container = fc.record({
  name: optional(id),
  image: id,
  command: optional(fc.array(text, { minLength: 1, maxLength: 3 })),
  args: optional(fc.array(text, { minLength: 1, maxLength: 3 })),
  env: optional(
    fc.array(
      fc.oneof(
        fc.record({ name: id, value: text }),
        fc.record({ name: id, valueSource: fc.record({ secretKeyRef: fc.record({ secret: id, version: id }) }) }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  ),
  workingDir: optional(text),
});

const job: fc.Arbitrary<JobInput> = fc.record({
  labels: optional(labels),
  annotations: optional(labels),
  launchStage: fc.constantFrom('ALPHA' as const, 'BETA' as const, 'GA' as const),
  template: fc.record({
    labels: optional(labels),
    annotations: optional(labels),
    taskCount: fc.integer({ min: 1, max: 10000 }),
    parallelism: optional(fc.integer({ min: 0, max: 100 })),
    template: fc.record({
      containers: fc.array(container, { minLength: 1, maxLength: 2 }),
      maxRetries: fc.integer({ min: 0, max: 10 }),
      timeout: fc.integer({ min: 1, max: 604800 }).map((seconds) => `${seconds}s`),
    }),
  }),
});

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a job that is exported is read back as it was', () => {
  fc.assert(
    fc.property(job, (input) => {
      const complete = withDefaults(json(input) as JobInput, '42');
      const stored = createdJob(complete, someJobName, 'uid', { account: 'a', now: '2026-11-23T12:00:00.000000Z' });
      const { jobs, problems } = readJobs('export', stringify(jobToV1(stored, 'nightly', 'p')));
      expect(problems).toEqual([]);
      expect(json(jobs[0]?.job)).toEqual(json(complete));
    }),
    { numRuns: 200 },
  );
});
