import { type FieldViolation, type Problem, StatusError } from '../errors.js';
import { formatPath, type FieldPath, snakeCase } from '../field-path.js';
import { validationRules } from './rules.js';
import type { Violation } from './violation.js';

/** The layers of the API, in the order in which they check a request. Only the first layer with violations answers. */
const layers = ['text', 'json', 'field', 'shared'] as const;

/** A request as error messages name it, with the field that is the body of the HTTP request, if any. */
export type RequestName = `${string}Request` | `${string}Request.${string}`;

export const isError = ({ rule }: Violation): boolean => validationRules[rule].severity === 'error';

/**
 * The API's answer to a resource that breaks rules: INVALID_ARGUMENT with a google.rpc.BadRequest. The first violation
 * is the message; the problems list all of them, in our terms. Warnings do not count. It is not known whether the API's
 * message joins several violations; it is documented to name each.
 */
export function badRequest(request: RequestName, violations: readonly Violation[]): StatusError | undefined {
  const errors = violations.filter(isError);
  const layer = layers.find((candidate) => errors.some(({ rule }) => validationRules[rule].layer === candidate));
  const fieldViolations = errors
    .filter(({ rule }) => validationRules[rule].layer === layer)
    .map((violation) => fieldViolation(request, violation));
  const [first] = fieldViolations;
  if (!first) return undefined;
  const message = layer === 'text' || layer === 'json' ? first.description : `${first.field}: ${first.description}`;
  const problems = errors.map(({ path, rule, description, fix }): Problem => ({
    path: formatPath(path),
    rule,
    message: description,
    fix,
    severity: 'error',
  }));
  return new StatusError('INVALID_ARGUMENT', message, { problems, fieldViolations });
}

function fieldViolation(request: RequestName, { path, rule, description, payload }: Violation): FieldViolation {
  switch (validationRules[rule].layer) {
    case 'json': {
      const [, body = ''] = request.split('.');
      const field = protoPath(body, payload?.at ?? path);
      const text = payload?.text ?? description;
      return { field, description: field === '' ? text.replace(" at '%s'", '') : text.replace('%s', field) };
    }
    case 'shared':
      // Reported for the whole list.
      return { field: sharedPath(rule === 'env-reserved' ? path.slice(0, -2) : path), description };
    default:
      return { field: `Violation in ${protoPath(request, path)}`, description };
  }
}

/** A path in the API's own spelling, below another path. */
function protoPath(above: string, path: FieldPath): string {
  const spelled = path.map((step, i) =>
    typeof step === 'string' && !isMapField(path[i - 1]) ? snakeCase(step) : step,
  );
  const below = formatPath(spelled);
  return above && below && !below.startsWith('[') ? `${above}.${below}` : `${above}${below}`;
}
const isMapField = (step: string | number | undefined): boolean =>
  step === 'labels' || step === 'annotations' || step === 'limits';

/** The v1 place of a field. The rules that both versions share refer to the template of a service. */
function sharedPath(path: FieldPath): string {
  const [first, second, ...rest] = path;
  if (first === 'name') return 'metadata.name';
  if (first !== 'template' || second !== 'template') return protoPath('spec', path);
  if (rest[0] === 'executionEnvironment') return 'template.annotations';
  return protoPath('spec.template.spec', rest);
}
