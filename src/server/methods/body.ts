import type { Message } from '../../model/schema/field.js';
import { readBody } from '../../model/spec/request-body.js';
import type { RequestName } from '../../model/validation/bad-request.js';
import type { Method } from './method.js';

/**
 * What the body of a request has of the request message, by JSON text; nothing for a method without a body.
 * @throws StatusError INVALID_ARGUMENT
 */
export function fromBody({ request, http: { body } }: Method, text: string): object {
  if (body === undefined) return {};
  const name: RequestName = `${request.name.replace(/^.*\.|Request$/g, '')}Request`;
  if (body === '*') return readBody(text, request, name);
  const field = request.fields[body];
  const message: Message = field?.kind === 'message' ? field.message : request;
  return { [body]: readBody(text, message, `${name}.${body}`) };
}
