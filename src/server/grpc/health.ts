import { StatusError } from '../../model/errors.js';
import { methodNamed, read, written } from './messages.js';

export const healthService = 'grpc.health.v1.Health';

const { input, output } = methodNamed(healthService, 'Check');

/** Whether a HealthCheckRequest is about one of the services, or about all of them. @throws StatusError INVALID_ARGUMENT */
export function asksFor(bytes: Buffer, services: readonly string[]): boolean {
  const { service = '' } = read(input, bytes) as { service?: string };
  return service === '' || services.includes(service);
}

/** A HealthCheckResponse. */
export const health = (status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'): Buffer => written(output, { status });

/** Answers a check. @throws StatusError NOT_FOUND for a service that is not served, as the protocol has it */
export function checked(bytes: Buffer, services: readonly string[]): Buffer {
  if (asksFor(bytes, services)) return health('SERVING');
  throw new StatusError('NOT_FOUND', 'This service is not served here.');
}
