import type { Duplex } from 'node:stream';
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { maxBodyBytes } from '../../model/spec/request-body.js';
import type { Guard } from '../guard.js';
import { fromBody } from '../methods/body.js';
import type { Method, ServerCall, Situation } from '../methods/method.js';
import { methods } from '../methods/methods.js';
import { toJson } from '../proto-json.js';
import { isFault } from '../status.js';
import { guarding } from './guarding.js';
import { asksFor, checked, health, healthService } from './health.js';
import { methodNamed, read, written } from './messages.js';
import { reflected, reflectionServices } from './reflection.js';
import { grpcStatus } from './status.js';

export interface GrpcOptions {
  call: ServerCall;
  guard: Guard;
  /** How long a client may take to send its request once a call has begun, in ms. */
  patience: number;
  /** Aborted when the server closes. */
  closing: AbortSignal;
  report: (error: unknown) => void;
}

export interface Grpc {
  /** Takes a connection that begins with the preface of HTTP/2. */
  connect: (socket: Duplex) => void;
  /** Takes no more calls. A connection closes with its last one, or after `patience` ms. */
  close: (patience: number) => void;
}

const limits = {
  'grpc.max_receive_message_length': maxBodyBytes,
  'grpc.max_concurrent_streams': 100,
  // A client that answers no ping is gone, or does not speak HTTP/2; one that a debugger holds has some time. In ms.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 60_000,
  'grpc.enable_channelz': 0,
};

type Unary = handleUnaryCall<Buffer, Buffer>;
type Bidi = handleBidiStreamingCall<Buffer, Buffer>;
type ServerStreaming = handleServerStreamingCall<Buffer, Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;

/** Serves the methods of the API, the health of the server, and reflection. */
export function openGrpc({ call, guard, patience, closing, report }: GrpcOptions): Grpc {
  const server = new Server({ ...limits, interceptors: [guarding(guard, patience)] });
  const served = [...new Set(methods.map(({ service }) => service)), healthService, ...reflectionServices];

  const unary = (path: string, answer: (bytes: Buffer, situation: Situation) => Promise<Buffer>): void => {
    const handle: Unary = (rpc, respond) => {
      const failed = (error: unknown): void => {
        if (isFault(error)) report(error);
        respond(grpcStatus(error));
      };
      answer(rpc.request, situationOf(rpc, closing)).then((bytes) => respond(null, bytes), failed);
    };
    server.register(path, handle, asIs, asIs, 'unary');
  };

  for (const method of methods) unary(`/${method.service}/${method.rpc}`, answering(method, call));
  unary(`/${healthService}/Check`, async (bytes) => checked(bytes, served));

  const watch: ServerStreaming = (rpc) => {
    let known: boolean;
    try {
      known = asksFor(rpc.request, served);
    } catch (error) {
      return void rpc.emit('error', grpcStatus(error));
    }
    rpc.write(health(known ? 'SERVING' : 'SERVICE_UNKNOWN'));
    situationOf(rpc, closing).signal.addEventListener('abort', () => {
      if (known) rpc.write(health('NOT_SERVING'));
      rpc.end();
    });
  };
  server.register(`/${healthService}/Watch`, watch, asIs, asIs, 'serverStream');

  for (const service of reflectionServices) {
    const reflect: Bidi = (rpc) => {
      rpc.on('data', (bytes: Buffer) => {
        try {
          if (rpc.write(reflected(service, bytes, served))) return;
          rpc.pause();
          rpc.once('drain', () => rpc.resume());
        } catch (error) {
          if (isFault(error)) report(error);
          rpc.emit('error', grpcStatus(error));
        }
      });
      rpc.on('end', () => rpc.end());
      situationOf(rpc, closing).signal.addEventListener('abort', () => rpc.end());
    };
    server.register(`/${service}/ServerReflectionInfo`, reflect, asIs, asIs, 'bidi');
  }

  const connections = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    connect: (socket) => connections.injectConnection(socket),
    close: (patience) => connections.drain(patience),
  };
}

/** A method of the API in bytes. */
function answering(method: Method, call: ServerCall): (bytes: Buffer, situation: Situation) => Promise<Buffer> {
  const { input, output } = methodNamed(method.service, method.rpc);
  const { body } = method.http;
  return async (bytes, situation) => {
    const request = read(input, bytes);
    if (body !== undefined) {
      // It is checked as the body of a request over HTTP is.
      const part = body === '*' ? request : request[body];
      Object.assign(request, fromBody(method, part === undefined ? '' : JSON.stringify(part)));
    }
    return written(output, toJson(method.response, await method.handle(call, request, situation), 'numbers'));
  };
}

interface Ending {
  cancelled: boolean;
  once: (event: 'cancelled', listener: () => void) => unknown;
}

/** The signal is made for the methods that wait only. A call always ends with `cancelled`, also after its answer. */
function situationOf(rpc: Ending, closing: AbortSignal): Situation {
  return {
    get signal() {
      const gone = new AbortController();
      const abort = (): void => gone.abort();
      if (closing.aborted || rpc.cancelled) abort();
      closing.addEventListener('abort', abort);
      rpc.once('cancelled', () => {
        closing.removeEventListener('abort', abort);
        abort();
      });
      return gone.signal;
    },
  };
}
