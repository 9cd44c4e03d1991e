import { inflateRawSync } from 'node:zlib';
import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { StatusError } from '../../model/errors.js';
import { descriptors } from './descriptors.js';

/** Every message and service that is spoken here. */
export const registry: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, inflateRawSync(Buffer.from(descriptors, 'base64'))),
);

/** A message as proto3 JSON. Fields that it does not have are ignored. @throws StatusError INVALID_ARGUMENT */
export function read(message: DescMessage, bytes: Uint8Array): JsonObject {
  try {
    return toJson(message, fromBinary(message, bytes), { registry }) as JsonObject;
  } catch (error) {
    throw new StatusError('INVALID_ARGUMENT', `This is no ${message.typeName}: ${(error as Error).message}`);
  }
}

/** The bytes of a message in proto3 JSON. Our schema has fields that Google's protos do not have yet; they are left out. */
export function written(message: DescMessage, json: object): Buffer {
  const value = fromJson(message, json as JsonObject, { registry, ignoreUnknownFields: true });
  const bytes = toBinary(message, value);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A message by its full name. */
export function messageNamed(name: string): DescMessage {
  const found = registry.getMessage(name);
  if (!found) throw new Error(`The descriptors have no ${name}.`);
  return found;
}

/** A method by its service and its own name. */
export function methodNamed(service: string, name: string): DescMethod {
  const found = registry.getService(service)?.methods.find((method) => method.name === name);
  if (!found) throw new Error(`The descriptors have no ${service}.${name}.`);
  return found;
}
