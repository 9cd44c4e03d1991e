import { describe, expect, test } from 'vitest';
import { etagOf } from '../../../src/model/etag.js';
import { executionSuffix, jobIdLike, jobIdViolation, nearest, parseName, taskName } from '../../../src/model/names.js';
import { formatPath } from '../../../src/model/field-path.js';
import { parseQuantity, quantityLike } from '../../../src/model/quantity.js';

test('a name is taken apart', () => {
  expect(parseName('projects/p/locations/l/jobs/j/executions/j-abcde/tasks/j-abcde-task0')).toEqual({
    project: 'p',
    location: 'l',
    job: 'j',
    execution: 'j-abcde',
    task: 'j-abcde-task0',
  });
  expect(() => parseName('jobs/j')).toThrow('Invalid resource name [jobs/j].');
});

test('tasks are named after their execution and index', () => {
  expect(taskName('projects/p/locations/l/jobs/j/executions/j-abcde', 7)).toBe(
    'projects/p/locations/l/jobs/j/executions/j-abcde/tasks/j-abcde-task7',
  );
});

describe('job ids', () => {
  test.each(['a', 'nightly', 'a-1', 'x'.repeat(49)])('%s is one', (id) => {
    expect(jobIdViolation(id)).toBeUndefined();
  });
  test.each(['', '-a', 'a-', '1a', 'A', 'a_b', '../../x', '--help', 'x'.repeat(50)])('%s is none', (id) => {
    expect(jobIdViolation(id)).toBeTypeOf('string');
  });
});

test.each([
  ['Nightly_Report', 'nightly-report'],
  ['NightlyReport', 'nightly-report'],
  ['7days', 'job-7days'],
  ['-a-', 'a'],
  ['x'.repeat(60), 'x'.repeat(49)],
  ['ночь', undefined],
])('the job id like %s is %s', (name, id) => {
  expect(jobIdLike(name)).toBe(id);
});

test('execution suffixes have five letters of the alphabet without vowels', () => {
  expect(executionSuffix(Uint8Array.from([0, 26, 27, 255, 100]))).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test.each([
  ['maxretries', 'maxRetries'],
  ['max_retries', 'maxRetries'],
  ['timeoutSecond', 'timeoutSeconds'],
  ['contaners', 'containers'],
  ['timeout', 'timeoutSeconds'],
  ['vloumes', 'volumes'],
  ['volumesToMount', 'volumes'],
  ['volumesThatAreMounted', undefined],
  ['nonsense', undefined],
])('near to %s is %s', (word, known) => {
  expect(nearest(word, ['containers', 'maxRetries', 'timeoutSeconds', 'volumes'])).toBe(known);
});

test.each([
  ['512Mi', 512 * 1024 ** 2],
  ['2Gi', 2 * 1024 ** 3],
  ['1G', 1e9],
  ['1000m', 1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['1k', 1000],
  ['512MB', undefined],
  ['', undefined],
  ['Mi', undefined],
  ['1 Gi', undefined],
])('the quantity %s is %s', (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

test.each([
  ['512MB', '512Mi or 512M'],
  ['1 Gi', '1Gi'],
  ['2gb', '2Gi or 2G'],
  ['1GiB', '1Gi'],
  ['64kb', '64Ki or 64k'],
  ['2 vCPU', '2'],
  ['0,5', '0.5'],
  ['one', undefined],
  ['', undefined],
])('the quantity that is like %s is %s', (text, like) => {
  expect(quantityLike(text)).toBe(like);
});

test('a path shows indexes and odd keys', () => {
  expect(formatPath(['template', 'containers', 0, 'resources', 'limits', 'nvidia.com/gpu'])).toBe(
    'template.containers[0].resources.limits["nvidia.com/gpu"]',
  );
});

const varint = (bytes: Buffer): number => bytes.reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);

test('an etag is time and name', () => {
  const etag = etagOf('projects/p/locations/l/jobs/j', '2025-09-03T22:37:38.254992Z');
  const [time, name] = etag.slice(1, -1).split('/');
  expect(etag).toMatch(/^".*"$/);
  expect(Buffer.from(name ?? '', 'base64url').toString()).toBe('projects/p/locations/l/jobs/j');
  const bytes = Buffer.from(time ?? '', 'base64url');
  const second = bytes.indexOf(16);
  expect(varint(bytes.subarray(1, second))).toBe(Date.parse('2025-09-03T22:37:38Z') / 1000);
  expect(varint(bytes.subarray(second + 1))).toBe(254_992_000);
});
