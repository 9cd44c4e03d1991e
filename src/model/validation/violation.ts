import type { Path } from '../path.js';
import type { RuleId } from '../schema/rules.js';

/** A rule that a resource breaks. */
export interface Violation {
  /** The field, in the resource. */
  path: Path;
  rule: RuleId;
  /** The API's wording, as far as it is known. */
  description: string;
  /** What to do about it, in our words. */
  fix?: string | undefined;
  /** The key at the end of the path is meant, not its value. */
  key?: true;
  /** Fields that have a part in it: where one of them, or a field of it, could not be read, nothing can be said. */
  because?: readonly Path[];
  /** What the API's JSON front end says: `%s` stands for the path `at`. */
  payload?: { at: Path; text: string };
}

/** Takes a violation down; its `because` is left out where the path says it all. */
export type Report = (
  path: Path,
  rule: RuleId,
  description: string,
  more?: Pick<Violation, 'fix' | 'key' | 'because'>,
) => void;
