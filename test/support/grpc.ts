import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { methodNamed, read, written } from '../../src/server/grpc/messages.js';

const asIs = (bytes: Buffer): Buffer => bytes;

/** A message as a stream of HTTP/2 carries it, not compressed. */
export function framed(message: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** A client of gRPC that sends and gets messages as proto3 JSON, or requests as bytes. */
export class GrpcClient {
  readonly client: Client;

  /** It closes with the test. */
  constructor(port: number, options: { secure?: Buffer; authority?: string } = {}) {
    const { secure, authority } = options;
    this.client = new Client(
      `127.0.0.1:${port}`,
      secure ? credentials.createSsl(secure) : credentials.createInsecure(),
      authority === undefined ? {} : { 'grpc.default_authority': authority },
    );
    onTestFinished(() => this.client.close());
  }

  /** Calls `Service.Method` of a package; a bare name is one of google.cloud.run.v2.Jobs. @throws ServiceError */
  async ask<T = Record<string, unknown>>(
    name: string,
    request: object | Buffer = {},
    {
      deadline,
      metadata = {},
      signal,
    }: { deadline?: number; metadata?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<T> {
    const [, service = '', rpc = ''] =
      /^(.*)\.(\w+)$/.exec(name.includes('.') ? name : `google.cloud.run.v2.Jobs.${name}`) ?? [];
    const { input, output } = methodNamed(service, rpc);
    const bytes = request instanceof Buffer ? request : written(input, request);
    return read(output, await this.bytes(`/${service}/${rpc}`, bytes, { deadline, metadata, signal })) as T;
  }

  /** Calls a method by its path. @throws ServiceError */
  async bytes(
    path: string,
    request: Buffer,
    options: {
      deadline?: number | undefined;
      metadata?: Record<string, string>;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Buffer> {
    const { deadline, metadata = {}, signal } = options;
    const headers = Metadata.fromHttp2Headers(metadata);
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        ...([path, asIs, asIs, request, headers] as const),
        deadline === undefined ? {} : { deadline: Date.now() + deadline },
        (error: ServiceError | null, answer?: Buffer) => (error ? reject(error) : resolve(answer ?? Buffer.alloc(0))),
      );
      signal?.addEventListener('abort', () => call.cancel());
    });
  }

  /**
   * A stream of messages both ways: the function sends a message, if there is one, and returns the next one that comes;
   * undefined at the end.
   */
  conversation(service: string, rpc: string): (request?: object) => Promise<object | undefined> {
    const { input, output, methodKind } = methodNamed(service, rpc);
    const path = `/${service}/${rpc}`;
    const call =
      methodKind === 'bidi_streaming' ? this.client.makeBidiStreamRequest(path, asIs, asIs, new Metadata()) : undefined;
    let answers: AsyncIterator<Buffer> | undefined = call?.[Symbol.asyncIterator]();
    return async (request) => {
      if (call && request) call.write(written(input, request));
      else if (request) {
        const stream = this.client.makeServerStreamRequest(path, asIs, asIs, written(input, request), new Metadata());
        answers = stream[Symbol.asyncIterator]();
      }
      const next = await answers?.next();
      return next && !next.done ? read(output, next.value) : undefined;
    };
  }
}
