import { StatusError } from '../errors.js';
import type { Infer, Message } from '../schema/field.js';
import { badRequest, type RequestName } from '../validation/bad-request.js';
import { decode, missing } from './decode.js';
import { JsonSource } from './json-source.js';
import { TooLarge } from './source-document.js';

/** The largest body of a request, in bytes. */
export const maxBodyBytes = 10 * 1024 * 1024;

const tooLarge = 'It is larger, or nested deeper, than any request.';

/**
 * The JSON body of a request as a message; an empty body is an empty message. Missing required fields are filled with
 * empty values, which the constraints on fields then report.
 * @throws StatusError INVALID_ARGUMENT, in the API front end's wording
 */
export function readBody<M extends Message>(text: string, message: M, request: RequestName): Infer<M> {
  const refused = (why: string): StatusError =>
    new StatusError('INVALID_ARGUMENT', `Invalid JSON payload received. ${why}`, {
      fieldViolations: [{ field: '', description: `Invalid JSON payload received. ${why}` }],
    });
  const body = text.trim() === '' ? '{}' : text;
  try {
    JSON.parse(body);
  } catch (error) {
    throw refused((error as SyntaxError).message);
  }
  try {
    const { value, found } = decode(new JsonSource(body), message, 'proto');
    const error = badRequest(
      request,
      found.filter(({ description }) => description !== missing),
    );
    if (error) throw error;
    return value;
  } catch (error) {
    if (error instanceof TooLarge) throw refused(tooLarge);
    throw error;
  }
}
