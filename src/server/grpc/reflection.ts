import { type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { codes } from '../../model/errors.js';
import { methodNamed, read, registry, written } from './messages.js';

/** The versions of the service. Their messages are the same but for their package. */
export const reflectionServices = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
] as const;

/** A ServerReflectionRequest. */
interface Question {
  host?: string;
  fileByFilename?: string;
  fileContainingSymbol?: string;
  fileContainingExtension?: { containingType?: string; extensionNumber?: number };
  allExtensionNumbersOfType?: string;
  listServices?: string;
}

/**
 * Answers questions about the services, as grpcurl and other clients without descriptors ask them.
 * @param version which of the services was called
 * @param services those to list
 * @throws StatusError INVALID_ARGUMENT
 */
export function reflected(version: string, bytes: Buffer, services: readonly string[]): Buffer {
  const { input, output } = methodNamed(version, 'ServerReflectionInfo');
  const question = read(input, bytes) as Question;
  const answer = answerTo(question, services) ?? {
    errorResponse: { errorCode: codes.NOT_FOUND, errorMessage: 'There is nothing of this name.' },
  };
  return written(output, { ...(question.host && { validHost: question.host }), originalRequest: question, ...answer });
}

/** Undefined if there is none. No message has extensions here. */
function answerTo(question: Question, services: readonly string[]): object | undefined {
  const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType, listServices } = question;
  if (listServices !== undefined) return { listServicesResponse: { service: services.map((name) => ({ name })) } };
  if (allExtensionNumbersOfType !== undefined) {
    if (!registry.getMessage(allExtensionNumbersOfType)) return undefined;
    return { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } };
  }
  const file = fileByFilename === undefined ? fileOf(fileContainingSymbol ?? '') : registry.getFile(fileByFilename);
  return file && { fileDescriptorResponse: { fileDescriptorProto: withDependencies(file).map(encoded) } };
}

/** The file that declares a type or a service, or one that has this field, method or value. */
function fileOf(symbol: string): DescFile | undefined {
  const found = registry.get(symbol);
  if (found) return found.file;
  const dot = symbol.lastIndexOf('.');
  const owner = registry.get(symbol.slice(0, Math.max(dot, 0)));
  const member = symbol.slice(dot + 1);
  const members =
    owner?.kind === 'service'
      ? owner.methods
      : owner?.kind === 'message'
        ? [...owner.fields, ...owner.oneofs]
        : owner?.kind === 'enum'
          ? owner.values
          : [];
  return members.some(({ name }) => name === member) ? owner?.file : undefined;
}

/** A file after those that it needs. */
function withDependencies(file: DescFile, seen = new Set<DescFile>()): DescFile[] {
  if (!seen.has(file)) {
    file.dependencies.forEach((needed) => withDependencies(needed, seen));
    seen.add(file);
  }
  return [...seen];
}

/** Bytes as JSON has them. */
const encoded = ({ proto }: DescFile): string =>
  Buffer.from(toBinary(FileDescriptorProtoSchema, proto)).toString('base64');
