import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { ConditionMessage } from '../../../src/model/schema/condition.js';
import type { Field, Message } from '../../../src/model/schema/field.js';
import { ExecutionMessage, JobMessage, TaskMessage } from '../../../src/model/schema/job.js';
import { OperationMessage } from '../../../src/model/schema/operation.js';
import { PolicyMessage } from '../../../src/model/schema/policy.js';
import * as requests from '../../../src/model/schema/requests.js';
import { RunJobRequestMessage } from '../../../src/model/schema/run.js';

/** As protobuf.js writes a descriptor. */
interface Descriptor {
  nested?: Record<string, Descriptor>;
  fields?: Record<string, { type: string; rule?: string; keyType?: string; options?: Record<string, unknown> }>;
  oneofs?: Record<string, { oneof: string[] }>;
  values?: Record<string, number>;
}

const protos = createRequire(import.meta.url)('@google-cloud/run/build/protos/protos.json') as Descriptor;

/** What the declaration has and the published protos lack, and the other way round, each with its reason. */
const newer = "in the API's newer discovery document";
const differences: Record<string, string> = {
  'ExecutionTemplate.client: only declared': newer,
  'ExecutionTemplate.clientVersion: only declared': newer,
  'ExecutionTemplate.delayExecution: only declared': newer,
  'Execution.client: only declared': newer,
  'Execution.clientVersion: only declared': newer,
  'RunJobRequest.Overrides.delayExecution: only declared': newer,
  'Container.sandboxLauncher: only declared': newer,
  'SourceCode.inlinedSource: only declared': newer,
  'SourceCode: oneof sourceType cloudStorageSource, inlinedSource': newer,
  'Condition.instanceReason: only declared': newer,
  'Condition: oneof reasons reason, revisionReason, executionReason, instanceReason': newer,
  'EmptyDirVolumeSource.Medium: DISK': "gcloud's beta flag --add-volume type=ephemeral-disk sends it",
  'TaskTemplate.terminationGracePeriod: only declared':
    "gcloud's clients have it; v1 says it as terminationGracePeriodSeconds, and it acts here",
  'Task.terminationGracePeriod: only declared': 'as in TaskTemplate',
  'google.iam.v1.SetIamPolicyRequest.updateMask: string, published as google.protobuf.FieldMask': 'JSON has it as text',
};

const absolute = (name: string): string => (name.startsWith('google.') ? name : `google.cloud.run.v2.${name}`);
/** Whole types of the newer document. */
const newTypes = ['SourceCode.InlinedSource'];

function find(name: string): Descriptor | undefined {
  let found: Descriptor | undefined = protos;
  for (const part of absolute(name).split('.')) found = found?.nested?.[part];
  return found;
}

/** The name of a type as the descriptor of `inside` writes it. */
function resolve(type: string, inside: string): string {
  const scope = absolute(inside).split('.');
  for (; scope.length > 0; scope.pop()) {
    const name = [...scope, type].join('.');
    if (find(name)) return name;
  }
  return type;
}

const scalars: Record<string, string> = {
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
  any: 'google.protobuf.Any',
};

function typeOf(field: Field): string {
  switch (field.kind) {
    case 'list':
      return `repeated ${typeOf(field.of)}`;
    case 'map':
      return 'map<string, string>';
    case 'message':
      return absolute(field.message.name);
    case 'enum':
      return absolute(field.name);
    default:
      return scalars[field.kind] ?? field.kind;
  }
}

const found: string[] = [];
const seen = new Set<string>();

function compare(message: Message): void {
  if (seen.has(message.name) || newTypes.includes(message.name)) return;
  seen.add(message.name);
  const proto = find(message.name);
  if (!proto?.fields) return void found.push(`${message.name}: only declared`);
  const { fields } = proto;
  for (const [name, field] of Object.entries(message.fields)) {
    const at = `${message.name}.${name}`;
    if (field.kind === 'message') compare(field.message);
    if (field.kind === 'list' && field.of.kind === 'message') compare(field.of.message);
    if (field.kind === 'enum') compareEnum(field.name, field.values);
    const published = fields[name];
    if (!published) {
      found.push(`${at}: only declared`);
      continue;
    }
    const type = resolve(published.type, message.name);
    const whole = published.keyType ? `map<${published.keyType}, ${type}>` : `${published.rule ?? ''} ${type}`.trim();
    if (typeOf(field) !== whole) found.push(`${at}: ${typeOf(field)}, published as ${whole}`);
    const behaviour = JSON.stringify(published.options ?? {});
    if (behaviour.includes('OUTPUT_ONLY') !== Boolean(field.output)) {
      found.push(`${at}: ${field.output ? 'output' : 'not output'}`);
    }
    // A URL has these, or the service says what is missing.
    const inRequest = message.name.endsWith('Request');
    if (behaviour.includes('"REQUIRED"') && !field.required && !inRequest) found.push(`${at}: not required`);
  }
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(message.fields, name)) found.push(`${message.name}.${name}: only published`);
  }
  const published = Object.entries(proto.oneofs ?? {})
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, { oneof }]) => `${name} ${oneof.join(', ')}`);
  const declared = Object.entries(message.oneofs ?? {}).map(([name, names]) => `${name} ${names.join(', ')}`);
  for (const oneof of declared) if (!published.includes(oneof)) found.push(`${message.name}: oneof ${oneof}`);
  if (declared.length < published.length) found.push(`${message.name}: oneofs ${published.join('; ')}`);
}

function compareEnum(name: string, values: Readonly<Record<string, number>>): void {
  if (seen.has(name) || newTypes.includes(name)) return;
  seen.add(name);
  const published = find(name)?.values;
  if (!published) return void found.push(`${name}: only declared`);
  for (const key of new Set([...Object.keys(values), ...Object.keys(published)])) {
    if (values[key] !== published[key]) found.push(`${name}: ${key}`);
  }
}

test('the declaration is what Google publishes, but for what has a reason', () => {
  for (const message of [
    JobMessage,
    ExecutionMessage,
    TaskMessage,
    RunJobRequestMessage,
    OperationMessage,
    PolicyMessage,
    ConditionMessage,
    ...Object.values(requests),
  ]) {
    compare(message);
  }
  expect(found.toSorted()).toEqual(Object.keys(differences).toSorted());
  expect(seen.size).toBeGreaterThan(45);
});
