import type { FieldPath } from './field-path.js';
import type { RuleId } from './validation/rules.js';

/** google.rpc.Code names and numbers (google/rpc/code.proto). */
export const codes = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type Code = keyof typeof codes;

/** A position in a file. Line and column count from 1; `excerpt` is the source line. */
export interface Location {
  file: string;
  line: number;
  column: number;
  excerpt: string;
}

/** A command that helps, without the program's name and without the flags for the project and region. */
export interface Suggestion {
  /** Its path: `jobs executions describe`. */
  command: string;
  /** The full name of the resource to act on, which is the first argument. */
  resource?: string | undefined;
  /** Its other arguments and flags. */
  args?: readonly string[];
}

/** The same request in another project or location; the parts that stay are unset. */
export interface Redirection {
  elsewhere: { project?: string | undefined; location?: string | undefined };
}

export type RemedyPart = string | Suggestion | Redirection;

/** How to fix an error: text, with commands in between. */
export type Remedy = string | readonly RemedyPart[];

/** A suggestion that concerns no resource. */
export const suggest = (command: string, ...args: string[]): Suggestion => ({ command, args });

/** Joins remedies with a separator. */
export const joinRemedies = (remedies: readonly Remedy[], between: string): Remedy =>
  remedies.every((remedy) => typeof remedy === 'string')
    ? remedies.join(between)
    : remedies.flatMap((remedy, i) => [
        ...(i > 0 ? [between] : []),
        ...(typeof remedy === 'string' ? [remedy] : remedy),
      ]);

/** One thing that is wrong with the input, in the user's terms. */
export interface Problem {
  /** The id of the rule, for machines. */
  rule?: RuleId | undefined;
  /** The path of the field as the user spelled it; absent if the problem concerns the whole document. */
  path?: string | undefined;
  message: string;
  location?: Location | undefined;
  /** The path of the field in the v2 job, so that a caller can map it to the file it came from. */
  at?: FieldPath | undefined;
  fix?: Remedy | undefined;
  /** A warning does not stop the command. */
  severity: 'error' | 'warning';
}

/** google.rpc.BadRequest.FieldViolation */
export interface FieldViolation {
  field: string;
  description: string;
}

/**
 * A google.rpc.Status to throw: the code, what failed and why, each single problem if there are several, and a remedy.
 * The command line prints it without a stack trace.
 */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly code: Code;
  readonly problems: readonly Problem[];
  /** The same violations as the API lists in the details of its status; empty if there are none to add. */
  readonly fieldViolations: readonly FieldViolation[];
  readonly #fix: Remedy | (() => Remedy | undefined) | undefined;

  constructor(
    code: Code,
    message: string,
    options: {
      problems?: readonly Problem[];
      fieldViolations?: readonly FieldViolation[];
      /** A function is called when the remedy is printed. A server prints none, and so never looks for one. */
      fix?: Remedy | (() => Remedy | undefined) | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.fieldViolations = options.fieldViolations ?? [];
    this.#fix = options.fix;
  }

  get fix(): Remedy | undefined {
    return typeof this.#fix === 'function' ? this.#fix() : this.#fix;
  }
}
