import { type Code, codes, StatusError } from '../model/errors.js';

/** An error as every protocol answers it: a google.rpc.Status with the name of its code. */
export interface Status {
  code: Code;
  message: string;
  details: readonly ({ '@type': string } & Record<string, unknown>)[];
}

/** The most violations to list. gRPC sends them in a header, which is limited. */
const most = 50;

/** The number of a code. */
export const codeNumber = (code: Code): number => codes[code];

/** The status for a thrown error. What is not a StatusError is a fault of this program. */
export function statusOf(error: unknown): Status {
  if (!(error instanceof StatusError)) {
    return { code: 'INTERNAL', message: `This is a bug in localrun: ${(error as Error).message}`, details: [] };
  }
  const { code, message, problems, fieldViolations } = error;
  if (fieldViolations.length > 0) {
    return {
      code,
      message,
      details: [
        { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: fieldViolations.slice(0, most) },
      ],
    };
  }
  const found = problems.map(({ path, message: what }) => (path ? `${path}: ${what}` : what));
  return {
    code,
    message: found.length > 0 && message.endsWith(':') ? `${message} ${found.join('; ')}` : message,
    details: [],
  };
}

/** Whether an error is a fault of this program, to be reported. */
export const isFault = (error: unknown): boolean => !(error instanceof StatusError);
