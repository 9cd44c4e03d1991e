import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { RuleId } from '../../../src/model/validation/rules.js';
import { readJobs } from '../../../src/model/spec/read.js';

const root = path.join(import.meta.dirname, '..', '..', '..');
const specs = path.join(root, 'test', 'fixtures', 'specs');
const schema = (name: string): object =>
  JSON.parse(readFileSync(path.join(root, 'schema', `${name}.schema.json`), 'utf8')) as object;
const ajv = new Ajv({
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
});
const validators = { v1: ajv.compile(schema('job.v1')), v2: ajv.compile(schema('job')) };

const textsOf = (kind: string): [name: string, text: string][] =>
  readdirSync(path.join(specs, kind))
    .filter((name) => !name.endsWith('.expected'))
    .map((name) => [name, readFileSync(path.join(specs, kind, name), 'utf8')]);

/** What the schemas say of the documents of a text, read as an editor reads them. */
function verdicts(text: string): string[] {
  const isV1 = /apiVersion/.test(text);
  const documents = parseAllDocuments(text, { version: isV1 ? '1.1' : '1.2', merge: true, logLevel: 'silent' });
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const value: unknown = document.toJS();
    if (value === null) return [];
    const validate = validators[typeof value === 'object' && 'apiVersion' in value ? 'v1' : 'v2'];
    return validate(value)
      ? ['valid']
      : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  });
}

describe('good specs', () => {
  // Editors know one of the two spellings, and state of Terraform as what it is.
  const unknown = ['v2-snake-case.yaml', 'terraform-state.json'];
  const specsOfEditors = textsOf('good').filter(([name]) => !unknown.includes(name));
  test.each(specsOfEditors)('%s is valid', (_, text) => {
    expect(new Set(verdicts(text))).toEqual(new Set(['valid']));
  });
});

describe('bad specs', () => {
  /** Rules that a schema cannot say: they look at several values, at sizes, or at the text. */
  const beyond = new Set<RuleId | undefined>([
    'syntax',
    'size',
    'duplicate-field',
    'map-key',
    'leading-zero',
    'job-name',
    'execution-token',
    'timeout',
    'termination-grace',
    'env-value',
    'env-reserved',
    'breakglass',
    'annotation-kind',
    'annotation-value',
    'vpc-mode',
    'vpc-network',
    'container-name-unique',
    'args-count',
    'env-count',
    'liveness-probe',
    'probe-action',
    'depends-on',
    'depends-on-cycle',
    'depends-on-probe',
    'cpu',
    'memory',
    'total-cpu',
    'total-memory',
    'gpu-count',
    'gpu-containers',
    'gpu-size',
    'gpu-missing',
    'gpu-redundancy',
    'gpu-timeout',
    'volume-name-unique',
    'volume-mount',
    'mount-path',
    'mount-reserved',
    'mount-sub-path',
    'cloudsql-name',
    'cloudsql-mount',
    'one-job',
    'job-parent',
  ]);
  const within = textsOf('bad').filter(([name, text]) => {
    const errors = readJobs(name, text).problems.filter(({ severity }) => severity === 'error');
    // To v1, annotations and the like are texts; a port or a name that is missing may come from elsewhere.
    const seen = errors.filter(
      ({ rule, path: field = '' }) =>
        !beyond.has(rule) && !/annotations\[|metadata\.labels|Attributes|tcpSocket$|^metadata\.name$/.test(field),
    );
    return seen.length > 0 && errors.every(({ rule }) => rule !== 'syntax');
  });

  test('are seen by the schemas for the greater part', () => expect(within.length).toBeGreaterThan(90));

  test.each(within)('%s is invalid', (_, text) => {
    expect(verdicts(text)).not.toContain('valid');
  });
});

test('a mistake is reported where it is', () => {
  const found = verdicts('template: {taskCount: -1, template: {containers: [{image: A, argz: []}]}}');
  expect(found.map((verdict) => verdict.replace(/pattern.*/, 'pattern')).toSorted()).toEqual([
    '/template/taskCount must be >= 0',
    '/template/template/containers/0 must NOT have additional properties',
    '/template/template/containers/0/image must match pattern',
  ]);
});

describe('localrun.yaml', () => {
  const validate = ajv.compile(schema('localrun'));
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

  test('is valid where the documentation and the example have it', () => {
    const [, shown = ''] = /```yaml\n(.*?)```/s.exec(read('docs/localrun-yaml.md')) ?? [];
    for (const text of [shown, read('examples/local-resources/localrun.yaml')]) {
      expect(text).toContain('secrets:');
      expect([validate(parse(text)), validate.errors]).toEqual([true, null]);
    }
  });

  test.each([
    'secretz: {}',
    'pull: allways',
    'buckets: [data]',
    'strictFs: "yes"',
    'secrets: { key: ./file }',
    'secrets: { key: { file: a, env: B } }',
    'secrets: { key: { versions: { 1: { fil: a } } } }',
    'cloudSql: { "p:r:i": { socket: s, tcp: "h:1" } }',
  ])('is not valid as %s', (text) => {
    expect(validate(parse(text))).toBe(false);
  });
});
