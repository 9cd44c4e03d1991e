import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { remedyText } from '../../../src/cli/errors.js';
import { withDefaults } from '../../../src/model/defaults.js';
import { createdJob } from '../../../src/model/job.js';
import type { JobInput } from '../../../src/model/schema/job.js';
import { readJobs } from '../../../src/model/spec/read.js';
import { exported, jobToV1 } from '../../../src/model/v1/write.js';
import { toYaml } from '../../../src/model/spec/write-yaml.js';
import { someTime } from '../../support/jobs.js';
import { mutatedText, mutatedTree } from '../../support/mutations.js';

const directory = fileURLToPath(new URL('../../fixtures/specs/', import.meta.url));
const texts = ['good', 'odd', 'bad'].flatMap((kind) =>
  readdirSync(directory + kind)
    .filter((name) => !name.endsWith('.expected'))
    .map((name) => readFileSync(`${directory}${kind}/${name}`, 'utf8'))
    .filter((text) => text.length < 3000),
);

/** The time limit for one spec, in ms; on a busy machine, the best of five tries counts. */
const limit = 200;

function timed(text: string): ReturnType<typeof readJobs> {
  for (let tries = 0; tries < 5; tries++) {
    const start = performance.now();
    const result = readJobs('spec', text);
    if (performance.now() - start < limit) return result;
  }
  throw new Error(`takes more than ${limit} ms`);
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What v1 cannot say, or says by leaving it out. */
function sayable(job: JobInput): unknown {
  const { name: _name, etag: _etag, onlyV1: _onlyV1, ...rest } = structuredClone(job);
  for (const container of rest.template.template.containers) {
    delete container.baseImageUri;
    delete container.sourceCode;
    delete container.resources?.cpuIdle;
    delete container.resources?.startupCpuBoost;
  }
  for (const volume of rest.template.template.volumes ?? []) {
    if (volume.emptyDir?.medium === 'MEDIUM_UNSPECIFIED') delete volume.emptyDir.medium;
    if (volume.gcs?.mountOptions)
      volume.gcs.mountOptions = volume.gcs.mountOptions.join(',').split(',').filter(Boolean);
  }
  return prune(json(rest));
}

/** Without what is empty, which is as good as absent. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, prune(part)] as const);
  return Object.fromEntries(entries.filter(([, part]) => !isEmpty(part)));
}
const isEmpty = (part: unknown): boolean =>
  part === '' || part === false || (typeof part === 'object' && part !== null && Object.keys(part).length === 0);

function check(text: string): void {
  const { jobs, problems } = timed(text);
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const { location, message, fix } of problems) {
    expect(`${message} ${remedyText(fix ?? '')}`).not.toMatch(/\[object |undefined/);
    if (!location) continue;
    const line = lines[location.line - 1]?.replace(/\r$/, '');
    expect(location.excerpt).toBe(line);
    expect(location.column).toBeGreaterThanOrEqual(1);
    expect(location.column).toBeLessThanOrEqual((line?.length ?? 0) + 2);
  }
  expect(jobs.length > 0 || problems.some(({ severity }) => severity === 'error')).toBe(true);
  for (const { id, job: read } of jobs) {
    const { onlyV1: _, ...job } = read;
    const again = readJobs('again', JSON.stringify(job), { id });
    expect(again.jobs.map((spec) => spec.job)).toEqual([json(job)]);
    const complete = withDefaults(job, '42');
    const stored = createdJob(complete, `projects/p/locations/l/jobs/${id ?? 'j'}`, 'uid', {
      account: 'me',
      now: someTime,
    });
    const exportedAgain = readJobs('export', toYaml(exported(jobToV1(stored))));
    expect(exportedAgain.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(exportedAgain.jobs.map((spec) => sayable(withDefaults(spec.job, '42')))).toEqual([sayable(complete)]);
  }
}

/** Always the same cases, and others each time, whose seed a failure tells. */
const seeds: [string, number][] = [
  ['always the same', 20261123],
  ['others each time', Date.now() % 2 ** 31],
];

/** How many specs of each kind; 5000 for the long form. */
const numRuns = Number(process.env['LOCALRUN_FUZZ'] ?? 500);
const patience = 60_000 + numRuns * 60;

describe.each(seeds)('specs changed at random (%s)', (_, seed) => {
  test(
    'in their text: no crash, no wait, positions in the file; what is accepted is kept',
    () => {
      fc.assert(fc.property(mutatedText(texts), check), { numRuns, seed });
    },
    patience,
  );

  test(
    'in their structure: the same',
    () => {
      fc.assert(fc.property(mutatedTree(texts), check), { numRuns, seed });
    },
    patience,
  );
});
