import { type ServerInterceptor, ServerInterceptingCall } from '@grpc/grpc-js';
import { StatusError } from '../../model/errors.js';
import type { Guard } from '../guard.js';
import { grpcStatus } from './status.js';

/** Has the guard look at each call before anything of its request is read, and ends those whose request does not come. */
export const guarding =
  (guard: Guard, patience: number): ServerInterceptor =>
  ({ requestStream }, call) => {
    let late: NodeJS.Timeout | undefined;
    const intercepted = new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, proceed) {
            const one = (key: string): string | undefined => metadata.get(key)[0]?.toString();
            try {
              guard.check({
                host: call.getHost(),
                origin: one('origin'),
                fetchSite: one('sec-fetch-site'),
                authorization: one('authorization'),
              });
            } catch (error) {
              return intercepted.sendStatus(grpcStatus(error));
            }
            if (!requestStream) {
              late = setTimeout(() => {
                const error = new StatusError('DEADLINE_EXCEEDED', 'The request did not arrive in time.');
                intercepted.sendStatus(grpcStatus(error));
              }, patience).unref();
            }
            proceed(metadata);
          },
          onReceiveHalfClose(proceed) {
            clearTimeout(late);
            proceed();
          },
          onCancel: () => clearTimeout(late),
        }),
    });
    return intercepted;
  };
