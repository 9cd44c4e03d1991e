import type { Problem } from '../errors.js';
import { formatPath } from '../field-path.js';
import { PolicyMessage } from '../schema/policy.js';
import { decode, type LocatedViolation } from '../spec/decode.js';
import { problemOf } from '../spec/read.js';
import { parseSource, TooLarge } from '../spec/source-document.js';
import { type PolicyInput, validatePolicy } from './policy.js';

/** The policy in a YAML or JSON text, and every problem with its position. */
export function readPolicy(file: string, text: string): { policy?: PolicyInput; problems: Problem[] } {
  const [document, ...others] = parseSource(file, text);
  if (!document) return { problems: [{ message: `${file} is empty: it holds no policy`, severity: 'error' }] };
  if (document.problems.length > 0) return { problems: document.problems };
  if (others.length > 0) {
    return { problems: [{ message: 'must be one document', location: document.location(null), severity: 'error' }] };
  }
  let decoded: { value: PolicyInput; found: LocatedViolation[] };
  try {
    decoded = decode(document, PolicyMessage, 'proto');
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { problems: [{ message: error.message, location: document.location(null), severity: 'error' }] };
  }
  const { value: policy, found } = decoded;
  if (found.length > 0) return { problems: found.flatMap((one) => problemOf(one, true)) };
  const broken = validatePolicy({ ...policy, version: policy.version ?? 3 }).map(
    ({ path, description, fix }): Problem => {
      const { location, written } = document.find(path);
      return { path: formatPath(written), message: description, location, fix, severity: 'error' };
    },
  );
  return { policy, problems: broken };
}
