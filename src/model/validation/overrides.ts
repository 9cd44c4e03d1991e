import { type Overrides, OverridesMessage } from '../schema/run.js';
import { validateEnv } from './containers.js';
import { checkFields } from './fields.js';
import { collector, type Violation } from './violation.js';

/** Every rule that the overrides of an execution break on their own. */
export function validateOverrides(overrides: Overrides): Violation[] {
  const { report, violations } = collector();
  checkFields(OverridesMessage, overrides, ['overrides'], report);
  overrides.containerOverrides?.forEach((override, i) => {
    validateEnv(['overrides', 'containerOverrides', i], override, report);
  });
  return violations;
}
