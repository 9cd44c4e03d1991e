import fc from 'fast-check';
import type { Field, Message } from '../../src/model/schema/field.js';
import { type JobInput, JobMessage } from '../../src/model/schema/job.js';

/** Values of fields that a type says too little about, by message and field. */
const id = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const secret = fc.oneof(
  word,
  fc.tuple(word, word).map(([project, name]) => `projects/${project}/secrets/${name}`),
);
const seconds = fc.integer({ min: 1, max: 604800 }).map((count) => `${count}s`);
const special: Record<string, fc.Arbitrary<unknown>> = {
  'Job.launchStage': fc.constantFrom('ALPHA', 'BETA', 'GA'),
  'TaskTemplate.executionEnvironment': fc.constantFrom('EXECUTION_ENVIRONMENT_GEN1', 'EXECUTION_ENVIRONMENT_GEN2'),
  'TaskTemplate.timeout': seconds,
  'TaskTemplate.terminationGracePeriod': seconds,
  'VpcAccess.egress': fc.constantFrom('ALL_TRAFFIC', 'PRIVATE_RANGES_ONLY'),
  'EmptyDirVolumeSource.medium': fc.constantFrom('MEMORY', 'DISK'),
  'BinaryAuthorization.useDefault': fc.constant(true),
  'BinaryAuthorization.policy': fc.string().filter((policy) => policy !== 'default'),
  'SecretKeySelector.secret': secret,
  'SecretKeySelector.version': word,
  'SecretVolumeSource.secret': secret,
  'VersionToPath.version': word,
  'CloudSqlInstance.instances': fc.array(fc.stringMatching(/^[^,]{1,9}$/), { minLength: 1, maxLength: 3 }),
  'GCSVolumeSource.mountOptions': fc.array(fc.stringMatching(/^[^,]{1,9}$/), { minLength: 1, maxLength: 3 }),
};

const map = fc.dictionary(id, fc.string({ maxLength: 12 }), { minKeys: 1, maxKeys: 3 });

/**
 * A message with any of its input fields set, and any values that their types allow; none is an empty list, map or
 * message where that means as much as leaving it out.
 * @param without fields to leave out, by message and field
 */
function anyMessage(message: Message, without: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  const inputs = Object.entries(message.fields).filter(
    ([name, field]) => !field.output && !without.includes(`${message.name}.${name}`),
  );
  const parts = inputs.map(([name, field]) => {
    const value = special[`${message.name}.${name}`] ?? anyValue(field, without);
    return [name, field.required ? value : fc.option(value, { nil: undefined, freq: 2 })] as const;
  });
  return fc.record(Object.fromEntries(parts)).map((value: Record<string, unknown>) => {
    for (const names of Object.values(message.oneofs ?? {})) {
      const [, ...others] = names.filter((name) => value[name] !== undefined);
      for (const name of others) delete value[name];
    }
    return value;
  });
}

function anyValue(field: Field, without: readonly string[]): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'message':
      return anyMessage(field.message, without);
    case 'list':
      return fc.array(anyValue(field.of, without), { minLength: 1, maxLength: 3 });
    case 'map':
      return map;
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    case 'enum':
      return fc.constantFrom(...Object.keys(field.values));
    case 'duration':
      return seconds;
    default:
      return fc.string({ maxLength: 12 });
  }
}

/** A job of the right types, whose containers depend on each other and whose mounts are of its volumes. */
export const anyJob = (without: readonly string[] = []): fc.Arbitrary<JobInput> =>
  anyMessage(JobMessage, without).map((value) => {
    // Undefined is absent in JSON.
    const job = JSON.parse(JSON.stringify(value)) as JobInput;
    const { containers, volumes = [], vpcAccess } = job.template.template;
    // An empty message, which says no more than none, has no fields that annotations could stand for.
    if (vpcAccess && Object.keys(vpcAccess).length === 0) delete job.template.template.vpcAccess;
    if (job.binaryAuthorization && Object.keys(job.binaryAuthorization).length === 0) delete job.binaryAuthorization;
    for (const [i, volume] of volumes.entries()) volume.name = volume.cloudSqlInstance ? 'cloudsql' : `v${i}`;
    for (const [i, container] of containers.entries()) {
      container.name = `c${i}`;
      container.dependsOn &&= container.dependsOn.map((_, k) => `c${(i + k) % containers.length}`);
      for (const [k, mount] of (container.volumeMounts ?? []).entries()) {
        mount.name = volumes[k % volumes.length]?.name ?? 'v';
        if (mount.name === 'cloudsql') Object.assign(mount, { mountPath: '/cloudsql', subPath: undefined });
      }
    }
    return JSON.parse(JSON.stringify(job)) as JobInput;
  });
