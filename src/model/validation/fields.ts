import { nearest } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Field, Message, Constraint } from '../schema/field.js';
import { durationSeconds } from '../time.js';
import type { Report } from './violation.js';

/** Checks the declared constraints of single fields, in a message whose types are right. */
export function checkFields(message: Message, value: object, path: FieldPath, report: Report): void {
  for (const [name, field] of Object.entries(message.fields)) {
    if (!field.output) checkField(field, (value as Record<string, unknown>)[name], [...path, name], report);
  }
}

function checkField(field: Field, value: unknown, at: FieldPath, report: Report): void {
  if (field.constraints) checkConstraints(field, field.constraints, value, at, report);
  if (value === undefined) return;
  switch (field.kind) {
    case 'message':
      checkFields(field.message, value as object, at, report);
      break;
    case 'list':
      for (const [i, item] of (value as unknown[]).entries()) checkField(field.of, item, [...at, i], report);
      break;
    case 'map':
      for (const [key, text] of Object.entries(value as Record<string, string>)) {
        const broken = field.keyConstraints?.find((constraint) => breaks(constraint, field, key));
        if (broken) report([...at, key], broken.id, broken.text, { key: true, fix: fixOf(broken, key) });
        else checkConstraints(field, field.valueConstraints ?? [], text, [...at, key], report);
      }
      break;
    case 'enum':
      if (typeof value === 'string' && value.endsWith('_UNSPECIFIED')) {
        report(at, 'unspecified', `${value} is the same as leaving it out`, { fix: 'leave it out' });
      }
      break;
    default:
  }
}

function checkConstraints(
  field: Field,
  constraints: readonly Constraint[],
  value: unknown,
  at: FieldPath,
  report: Report,
): void {
  const broken = constraints.find((constraint) => breaks(constraint, field, value));
  if (!broken) return;
  // A missing field may be one that is misspelt.
  report(at, broken.id, broken.text, {
    fix: fixOf(broken, value),
    ...(value === undefined && { because: [at.slice(0, -1)] }),
  });
}

/** The fix, or the value that was probably intended. */
function fixOf({ fix, values }: Constraint, value: unknown): string | undefined {
  if (typeof fix === 'function') return fix(typeof value === 'string' ? value : '');
  if (fix !== undefined || typeof value !== 'string') return fix;
  const near = nearest(value, values?.filter((known) => typeof known === 'string') ?? []);
  return near && `did you mean ${near}?`;
}

function breaks(constraint: Constraint, field: Field, value: unknown): boolean {
  const { min = -Infinity, max = Infinity, pattern, maxBytes = Infinity, values } = constraint;
  if (value === undefined || value === '' || (value === 0 && field.kind === 'int32' && min > 0)) {
    return Boolean(constraint.filled);
  }
  if (values) return !values.includes(value as string | boolean);
  const size = sizeOf(field, value);
  if (size !== undefined && (size < min || size > max)) return true;
  if (typeof value !== 'string') return false;
  if (value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes) return true;
  return pattern !== undefined && !pattern.test(value);
}

function sizeOf(field: Field, value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (field.kind === 'duration') return durationSeconds(value as string);
  if (field.kind === 'list') return (value as unknown[]).length;
  return field.kind === 'map' && typeof value === 'object' ? Object.keys(value as object).length : undefined;
}
