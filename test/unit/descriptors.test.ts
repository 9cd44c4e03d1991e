import { createRequire } from 'node:module';
import type { DescEnum, DescMessage, DescService } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { registry } from '../../src/server/grpc/messages.js';

/** As protobuf.js writes a descriptor. */
interface Descriptor {
  nested?: Record<string, Descriptor>;
  fields?: Record<string, { id: number }>;
  values?: Record<string, number>;
  methods?: Record<string, unknown>;
}

const protos = createRequire(import.meta.url)('@google-cloud/run/build/protos/protos.json') as Descriptor;

/** What a message, an enum or a service consists of. */
function parts(described: DescMessage | DescEnum | DescService): unknown {
  switch (described.kind) {
    case 'message':
      return Object.fromEntries(described.fields.map(({ jsonName, number }) => [jsonName, number]));
    case 'enum':
      return Object.fromEntries(described.values.map(({ name, number }) => [name, number]));
    case 'service':
      return described.methods.map(({ name }) => name).toSorted();
  }
}

/** The same of what protobuf.js describes. */
function published(name: string): unknown {
  const found = name.split('.').reduce<Descriptor | undefined>((at, part) => at?.nested?.[part], protos);
  if (found?.methods) return Object.keys(found.methods).toSorted();
  return found?.values ?? Object.fromEntries(Object.entries(found?.fields ?? {}).map(([field, { id }]) => [field, id]));
}

test('the descriptors are those of @google-cloud/run', () => {
  const described = [...registry].filter((type) => type.kind !== 'extension');
  const ours = described.filter(({ typeName }) => typeName.startsWith('google.cloud.run.v2.'));
  expect(ours.length).toBeGreaterThan(60);
  expect(ours.map((type) => [type.typeName, parts(type)])).toEqual(
    ours.map(({ typeName }) => [typeName, published(typeName)]),
  );
});
