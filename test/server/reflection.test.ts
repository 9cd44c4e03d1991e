import { createFileRegistry, fromBinary, type JsonObject } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { methods } from '../../src/server/methods/methods.js';
import { GrpcClient } from '../support/grpc.js';
import { ServerWorld } from '../support/server.js';

test.each(['v1', 'v1alpha'])(
  'reflection %s describes every service, so that clients without descriptors can call it',
  async (version) => {
    const { server } = await ServerWorld.open();
    const ask = new GrpcClient(server.port).conversation(
      `grpc.reflection.${version}.ServerReflection`,
      'ServerReflectionInfo',
    );
    const { listServicesResponse } = (await ask({ host: 'h', listServices: '*' })) as {
      listServicesResponse: { service: { name: string }[] };
    };
    const services = listServicesResponse.service.map(({ name }) => name);
    expect(services.toSorted()).toEqual([
      'google.cloud.run.v2.Executions',
      'google.cloud.run.v2.Jobs',
      'google.cloud.run.v2.Tasks',
      'google.longrunning.Operations',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    const files = async (question: JsonObject): Promise<string[]> => {
      const { fileDescriptorResponse } = (await ask(question)) as {
        fileDescriptorResponse: { fileDescriptorProto: string[] };
      };
      return fileDescriptorResponse.fileDescriptorProto;
    };
    for (const service of services) {
      const file = (await files({ fileContainingSymbol: service })).map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, Buffer.from(bytes, 'base64')),
      );
      // It throws if a file is missing that another one needs.
      const described = createFileRegistry(create(FileDescriptorSetSchema, { file })).getService(service);
      const rpcs = described?.methods.map(({ name }) => name);
      expect(rpcs).toEqual(
        expect.arrayContaining(methods.filter((of) => of.service === service).map(({ rpc }) => rpc)),
      );
    }
    const job = (await files({ fileByFilename: 'google/cloud/run/v2/job.proto' })).at(-1);
    for (const symbol of ['Jobs.RunJob', 'Job', 'Job.etag', 'RunJobRequest.Overrides.ContainerOverride'].map(
      (name) => `google.cloud.run.v2.${name}`,
    )) {
      expect((await files({ fileContainingSymbol: symbol })).at(-1)).toBe(job);
    }
    expect(await ask({ allExtensionNumbersOfType: 'google.cloud.run.v2.Job' })).toMatchObject({
      allExtensionNumbersResponse: { baseTypeName: 'google.cloud.run.v2.Job' },
    });
    for (const question of [
      { fileContainingSymbol: 'google.cloud.run.v2.No' },
      { fileContainingSymbol: '' },
      { fileByFilename: 'no.proto' },
      { fileContainingExtension: { containingType: 'google.cloud.run.v2.Job', extensionNumber: 1 } },
      { allExtensionNumbersOfType: 'No' },
      {},
    ]) {
      expect(await ask(question)).toMatchObject({ originalRequest: question, errorResponse: { errorCode: 5 } });
    }
  },
);

test('the health service knows what is served, and tells when the server closes', async () => {
  const { server } = await ServerWorld.open();
  const grpc = new GrpcClient(server.port);
  const check = 'grpc.health.v1.Health.Check';
  expect(await grpc.ask(check)).toEqual({ status: 'SERVING' });
  expect(await grpc.ask(check, { service: 'google.cloud.run.v2.Jobs' })).toEqual({ status: 'SERVING' });
  await expect(grpc.ask(check, { service: 'No' })).rejects.toMatchObject({ code: 5 });
  const watch = grpc.conversation('grpc.health.v1.Health', 'Watch');
  expect(await watch({ service: 'google.cloud.run.v2.Jobs' })).toEqual({ status: 'SERVING' });
  const unknown = grpc.conversation('grpc.health.v1.Health', 'Watch');
  expect(await unknown({ service: 'No' })).toEqual({ status: 'SERVICE_UNKNOWN' });
  const closed = server.close();
  expect(await watch()).toEqual({ status: 'NOT_SERVING' });
  expect(await watch()).toBeUndefined();
  await closed;
});
