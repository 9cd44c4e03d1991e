// @ts-check
// Compiles the protos of the services into src/server/grpc/descriptors.ts: Google's, which come with @google-cloud/run,
// and those of src/server/grpc/protos. Needs protoc; only who changes the protos or their packages needs to run it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { root } from './packages.mjs';
import { must } from './setup.mjs';

const folder = path.join(root, 'src', 'server', 'grpc');
const from = [
  path.join(folder, 'protos'),
  path.join(root, 'node_modules', '@google-cloud', 'run', 'build', 'protos'),
  path.join(root, 'node_modules', 'google-gax', 'build', 'protos'),
];
const wanted = [
  ...['job', 'execution', 'task'].map((name) => `google/cloud/run/v2/${name}.proto`),
  'google/longrunning/operations.proto',
  // The details of errors are messages that no other proto imports.
  'google/rpc/error_details.proto',
  ...['health/v1/health', 'reflection/v1/reflection', 'reflection/v1alpha/reflection'].map((of) => `grpc/${of}.proto`),
];

const work = mkdtempSync(path.join(os.tmpdir(), 'localrun-descriptors-'));
try {
  const compiled = path.join(work, 'set');
  must('protoc', ['--include_imports', `--descriptor_set_out=${compiled}`, ...from.map((at) => `-I${at}`), ...wanted]);
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(compiled));

  /** The files by the types that they declare. */
  const files = new Map(
    set.file.flatMap((file) =>
      [...file.messageType, ...file.enumType].map(({ name }) => [`.${file.package}.${name}`, file.name]),
    ),
  );
  const used = new Set(wanted);
  for (const file of set.file.toReversed()) {
    /** @type {Set<string>} */
    const types = new Set();
    strip(file, types);
    file.extension = [];
    const needed = new Set([...types].map((type) => [...files].find(([of]) => `${type}.`.startsWith(`${of}.`))?.[1]));
    file.dependency = file.dependency.filter((name) => needed.has(name));
    // A file comes after those that it needs.
    if (used.has(file.name)) for (const name of file.dependency) used.add(name);
  }
  set.file = set.file.filter(({ name }) => used.has(name));

  const packed = deflateRawSync(toBinary(FileDescriptorSetSchema, set), { level: 9 }).toString('base64');
  writeFileSync(
    path.join(folder, 'descriptors.ts'),
    `// Made from protos by \`npm run generate:descriptors\`.

/** A google.protobuf.FileDescriptorSet without options, each file after those that it needs; deflated, in base64. */
export const descriptors =
  '${packed}';
`,
  );
} finally {
  rmSync(work, { recursive: true });
}

/**
 * Removes the options, of which only that of maps has a meaning here, and collects the types that are used.
 * @param {unknown} descriptor
 * @param {Set<string>} types
 */
function strip(descriptor, types) {
  if (typeof descriptor !== 'object' || descriptor === null) return;
  const message = /** @type {Record<string, unknown>} */ (descriptor);
  const options = /** @type {{ mapEntry?: boolean } | undefined} */ (message['options']);
  if (options && !options.mapEntry) delete message['options'];
  for (const key of ['typeName', 'inputType', 'outputType']) {
    const type = message[key];
    if (typeof type === 'string' && type) types.add(type);
  }
  for (const part of Object.values(message)) strip(part, types);
}
