import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { formatProblem, remedyText } from '../../../src/cli/errors.js';
import { withDefaults } from '../../../src/model/defaults.js';
import type { Problem } from '../../../src/model/errors.js';
import { createdJob, updatedJob } from '../../../src/model/job.js';
import type { Field, Message } from '../../../src/model/schema/field.js';
import { JobMessage } from '../../../src/model/schema/job.js';
import { type RuleId, validationRules } from '../../../src/model/validation/rules.js';
import { JobV1Message } from '../../../src/model/v1/schema.js';
import { decode } from '../../../src/model/spec/decode.js';
import { type JobSpec, readJobs } from '../../../src/model/spec/read.js';
import { parseSource } from '../../../src/model/spec/source-document.js';
import { exported, jobToV1 } from '../../../src/model/v1/write.js';
import { toYaml } from '../../../src/model/spec/write-yaml.js';
import { inputFields, setFields } from '../../support/fields.js';
import { someJobName, someTime } from '../../support/jobs.js';

/**
 * Specs: good ones have no problems at all, odd ones are accepted with warnings, bad ones are refused. Of odd and bad
 * ones, `NAME.expected` is everything that is told, each with the rule and the severity.
 */
const directory = fileURLToPath(new URL('../../fixtures/specs', import.meta.url));
const names = (kind: string): string[] =>
  readdirSync(path.join(directory, kind)).filter((name) => !name.endsWith('.expected'));
const textOf = (kind: string, name: string): string => readFileSync(path.join(directory, kind, name), 'utf8');

const chalk = new Chalk({ level: 0 });
const told = (problems: readonly Problem[]): string =>
  problems
    .map((problem) => `${formatProblem(problem, { chalk })}\n    [${problem.severity} ${problem.rule}]\n`)
    .join('\n');

type Json = Record<string, unknown>;
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('good specs', () => {
  test('are many, and set every field that a client may set, in both versions', () => {
    expect(names('good').length).toBeGreaterThanOrEqual(60);
    const seen = { v1: new Set<string>(), v2: new Set<string>() };
    for (const kind of ['good', 'odd']) {
      for (const name of names(kind)) {
        for (const document of parseSource(name, textOf(kind, name))) {
          const isV1 = document.entries(document.root, 0).some(({ key }) => key === 'kind');
          document.yaml = isV1 ? '1.1' : '1.2';
          const message = isV1 ? JobV1Message : JobMessage;
          const { value } = decode(document, message, isV1 ? 'gcloud' : 'proto');
          for (const field of setFields(message, value)) seen[isV1 ? 'v1' : 'v2'].add(field);
        }
      }
    }
    const refused = (name: string, { refused: why, neutral }: { refused?: string; neutral?: unknown }): boolean =>
      name === 'Container.livenessProbe' || (why !== undefined && neutral === undefined);
    const missing = (message: typeof JobMessage | typeof JobV1Message, set: Set<string>): string[] =>
      inputFields(message, refused).filter((field) => !set.has(field));
    expect(missing(JobMessage, seen.v2)).toEqual([]);
    expect(missing(JobV1Message, seen.v1)).toEqual([]);
  });

  test('in v2 mean the same with an empty text where one is unset', () => {
    const optional = ({ kind, required, output }: Field): boolean => kind === 'string' && !required && !output;
    const tried = new Set<string>();
    const wrong: string[] = [];
    /** Sets each of the texts that `message` leaves unset in turn, there and below. */
    const empty = (name: string, message: Message, value: Json, whole: unknown): void => {
      for (const [key, field] of Object.entries(message.fields)) {
        const part = value[key];
        const here = `${message.name}.${key}`;
        if (
          part === undefined &&
          optional(field) &&
          !Object.values(message.oneofs ?? {})
            .flat()
            .includes(key)
        ) {
          if (tried.has(here)) continue;
          tried.add(here);
          value[key] = '';
          const { problems } = readJobs(name, JSON.stringify(whole), { strict: true });
          if (problems.length > 0) wrong.push(`${here}: ${problems[0]?.message}`);
          delete value[key];
        } else if (part !== undefined && field.kind === 'message') empty(name, field.message, part as Json, whole);
        else if (Array.isArray(part) && field.kind === 'list' && field.of.kind === 'message') {
          const { message: item } = field.of;
          (part as Json[]).forEach((one) => empty(name, item, one, whole));
        }
      }
    };
    for (const name of names('good').filter((one) => one.startsWith('v2'))) {
      const [spec] = readJobs(name, textOf('good', name)).jobs;
      const job = json(spec?.job) as Json;
      empty(name, JobMessage, job, job);
    }
    expect(tried.size).toBeGreaterThan(10);
    expect(wrong).toEqual([]);
  });

  test.each(names('good'))('%s has no problem, and an export of it says all that it says', (name) => {
    const { jobs, problems } = readJobs(name, textOf('good', name), { strict: true });
    expect(told(problems)).toBe('');
    expect(jobs).toHaveLength(1);
    exportsItself(jobs);
  });
});

/** What is exported reads as the job that it is of: to replace that by it is no update. */
function exportsItself(jobs: readonly JobSpec[]): void {
  const author = { account: 'me', now: someTime };
  for (const { job } of jobs) {
    const stored = createdJob(withDefaults(job, '42'), someJobName, 'uid', author);
    const text = toYaml(exported(jobToV1(stored)));
    const again = readJobs('export', text);
    expect(told(again.problems.filter(({ severity }) => severity === 'error'))).toBe('');
    const [{ job: read }] = again.jobs as [JobSpec];
    expect(updatedJob(stored, withDefaults(read, '42'), author)).toBe(stored);
  }
}

describe('odd specs', () => {
  test.each(names('odd'))('%s is accepted, with warnings', async (name) => {
    const { jobs, problems } = readJobs(name, textOf('odd', name));
    expect(jobs).toHaveLength(1);
    if (name.startsWith('v1')) exportsItself(jobs);
    expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['warning']));
    await expect(told(problems)).toMatchFileSnapshot(path.join(directory, 'odd', `${name}.expected`));
    const strict = readJobs(name, textOf('odd', name), { strict: true });
    expect(strict.jobs).toEqual([]);
    expect(strict.problems).toEqual(problems.map((problem) => ({ ...problem, severity: 'error' })));
  });
});

describe('bad specs', () => {
  test('are many', () => expect(names('bad').length).toBeGreaterThanOrEqual(250));

  test.each(names('bad'))('%s is refused, with everything that is wrong with it', async (name) => {
    const { jobs, problems } = readJobs(name, textOf('bad', name));
    expect(jobs).toEqual([]);
    expect(problems.some(({ severity }) => severity === 'error')).toBe(true);
    await expect(told(problems)).toMatchFileSnapshot(path.join(directory, 'bad', `${name}.expected`));
  });

  test('break every rule that there is', () => {
    const broken = new Set<RuleId | undefined>();
    for (const kind of ['odd', 'bad']) {
      for (const name of names(kind)) {
        for (const { rule } of readJobs(name, textOf(kind, name)).problems) broken.add(rule);
      }
    }
    const elsewhere: RuleId[] = [
      'file', // The model reads no files.
      'annotation-size', // Takes 256 KiB.
      'image-host', // Told under --strict only.
    ];
    expect(Object.keys(validationRules).filter((rule) => !broken.has(rule as RuleId))).toEqual(elsewhere);
  });
});

test.each([
  ['image', 'my image'],
  ['image', 'https://gcr.io/My/App:'],
  ['image', 'PROJECT_ID/x y'],
  ['memory', '512MB'],
  ['cpu', '2 vCPU'],
  ['serviceAccount', 'bad@@example'],
  ['serviceAccount', 'serviceAccount:a@b.iam.gserviceaccount.com'],
  ['name', 'Nightly_Report'],
])('what is advised for the %s %s is valid itself', (field, value) => {
  const told = (written: string): Problem[] => {
    const values = { image: 'alpine', memory: '1Gi', cpu: '1', serviceAccount: 'a', name: 'nightly', [field]: written };
    const { image, serviceAccount, name, ...limits } = values;
    const container = { image, resources: { limits } };
    return readJobs('f', JSON.stringify({ name, template: { template: { serviceAccount, containers: [container] } } }))
      .problems;
  };
  const [{ fix = '' } = {}, ...others] = told(value);
  expect(others).toEqual([]);
  const [, advised = ''] = /(?:e\.g\.|write) "?([^"\s]+)/.exec(remedyText(fix)) ?? [];
  expect(advised).not.toBe('');
  expect(told(advised)).toEqual([]);
});

test('a registry that Cloud Run does not pull from is fine here, and reported under --strict', () => {
  const text = 'template: {template: {containers: [{image: "localhost:5000/a/b"}]}}';
  expect(readJobs('f', text).problems).toEqual([]);
  expect(readJobs('f', text, { strict: true }).problems).toMatchObject([{ rule: 'image-host', severity: 'error' }]);
});
