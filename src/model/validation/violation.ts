import type { Remedy } from '../errors.js';
import type { FieldPath } from '../field-path.js';
import type { RuleId } from './rules.js';

/** A rule that a resource breaks, and where. */
export interface Violation {
  /** The field in the resource. */
  path: FieldPath;
  rule: RuleId;
  /** The API's wording, as far as it is known. */
  description: string;
  /** How to fix it, in our wording. */
  fix?: Remedy | undefined;
  /** The violation concerns the key at the end of the path, not its value. */
  key?: true;
  /** Other fields that the violation depends on. If one of them could not be read, the violation is dropped. */
  because?: readonly FieldPath[];
  /** The wording of the API's JSON front end; `%s` stands for the path `at`. */
  payload?: { at: FieldPath; text: string };
}

/** A report function, and the violations that it collects. */
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

/** Records a violation; `because` is only needed for fields beyond the path. */
export type Report = (
  path: FieldPath,
  rule: RuleId,
  description: string,
  more?: Pick<Violation, 'fix' | 'key' | 'because'>,
) => void;
