import type { Remedy } from '../errors.js';
import type { FieldPath } from '../field-path.js';
import type { RuleId } from './rules.js';

/** A rule that a resource breaks. */
export interface Violation {
  /** The field, in the resource. */
  path: FieldPath;
  rule: RuleId;
  /** The API's wording, as far as it is known. */
  description: string;
  /** What to do about it, in our words. */
  fix?: Remedy | undefined;
  /** The key at the end of the path is meant, not its value. */
  key?: true;
  /** Fields that have a part in it: where one of them, or a field of it, could not be read, nothing can be said. */
  because?: readonly FieldPath[];
  /** What the API's JSON front end says: `%s` stands for the path `at`. */
  payload?: { at: FieldPath; text: string };
}

/** A report, and what has been reported. */
export function collector(): { report: Report; violations: Violation[] } {
  const violations: Violation[] = [];
  const report: Report = (path, rule, description, { fix, key, because } = {}) =>
    void violations.push({
      path,
      rule,
      description,
      ...(fix && { fix }),
      ...(key && { key }),
      ...(because && { because }),
    });
  return { report, violations };
}

/** Takes a violation down; its `because` is left out where the path says it all. */
export type Report = (
  path: FieldPath,
  rule: RuleId,
  description: string,
  more?: Pick<Violation, 'fix' | 'key' | 'because'>,
) => void;
