import type { Problem } from '../errors.js';
import { formatPath } from '../path.js';
import { decode } from '../spec/decode.js';
import { parseSource } from '../spec/source.js';
import { type PolicyInput, PolicyMessage, validatePolicy } from './policy.js';

/** The policy in a YAML or JSON text, and all that is wrong with it, each at its place. */
export function readPolicy(file: string, text: string): { policy?: PolicyInput; problems: Problem[] } {
  const { documents, problems } = parseSource(file, text);
  const [document, ...others] = documents;
  if (problems.length > 0 || !document) return { problems };
  if (others.length > 0) {
    return { problems: [{ message: 'must be one document', location: document.location(null), severity: 'error' }] };
  }
  const { value: policy, problems: wrong } = decode(document, PolicyMessage);
  if (wrong.length > 0) return { problems: wrong };
  const broken = validatePolicy({ ...policy, version: policy.version ?? 3 }).map(
    ({ path, description, fix }): Problem => {
      const { location, written } = document.find(path);
      return { path: formatPath(written), message: description, location, fix, severity: 'error' };
    },
  );
  return { policy, problems: broken };
}
