import { distance } from 'fastest-levenshtein';
import { StatusError } from './errors.js';

/** A project and a location: `projects/{project}/locations/{location}`. */
export interface Parent {
  project: string;
  location: string;
}

/** Whether a text can be a project id, a project number or a region. */
export const isParentPart = (text: string): boolean => /^[a-z0-9][-a-z0-9.:]*$/.test(text);

export const parentName = ({ project, location }: Parent): string => `projects/${project}/locations/${location}`;
export const jobName = (parent: Parent, job: string): string => `${parentName(parent)}/jobs/${job}`;
export const executionName = (job: string, execution: string): string => `${job}/executions/${execution}`;
export const taskName = (execution: string, index: number): string =>
  `${execution}/tasks/${shortName(execution)}-task${index}`;

/** The last segment of a resource name. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** The parts of a job, execution or task name, absent ones undefined. */
export function parseName(name: string): Parent & { job: string; execution?: string; task?: string } {
  const match =
    /^projects\/([^/]+)\/locations\/([^/]+)\/jobs\/([^/]+)(?:\/executions\/([^/]+)(?:\/tasks\/([^/]+))?)?$/.exec(name);
  if (!match) throw new StatusError('INVALID_ARGUMENT', `Invalid resource name [${name}].`);
  const [, project = '', location = '', job = '', execution, task] = match;
  return { project, location, job, ...(execution && { execution }), ...(task && { task }) };
}

/**
 * Why `id` cannot be a job id, or undefined.
 * Rule and text: the Admin API's resource name rule, which says 63 for any kind of resource; 49 characters leave room
 * for the execution's suffix (quotas page).
 */
export function jobIdViolation(id: string): string | undefined {
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(id)) {
    return `Resource name must use only lowercase letters, numbers and '-'. Must begin with a letter and cannot end with a '-'. Maximum length is ${maxJobIdLength} characters.`;
  }
  if (id.length > maxJobIdLength) return `Job name must be at most ${maxJobIdLength} characters, got ${id.length}.`;
  return undefined;
}

/** The valid job id closest to an invalid name; undefined if no valid character is left. */
export function jobIdLike(name: string): string | undefined {
  const id = name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z][a-z])/g, '-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .replace(/^(?=\d)/, 'job-')
    .slice(0, maxJobIdLength)
    .replace(/-+$/, '');
  return id === '' ? undefined : id;
}

export const maxJobIdLength = 49;

/** RFC 1123, required for container names; dots are allowed. */
export const distinctName = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** The letters of Cloud Run's execution suffixes: no vowels, no 0, 1, 3 (observed on live executions). */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Five characters for `{job}-{suffix}` out of at least five random bytes. */
export function executionSuffix(random: Uint8Array): string {
  return Array.from(random.subarray(0, 5), (byte) => suffixAlphabet.charAt(byte % suffixAlphabet.length)).join('');
}

/**
 * The entry of `known` closest to a misspelt `word`, or undefined if none is close. Close means that at most a third of
 * the letters differ, that the letters are transposed, or that one is the beginning or the end of the other. Case and
 * separators are ignored.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const fold = (text: string): string => text.toLowerCase().replaceAll(/[-_.]/g, '');
  const sorted = (text: string): string => text.split('').toSorted().join('');
  const folded = fold(word);
  const candidates = [...known];
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = fold(candidate);
    const edits = distance(folded, other);
    const counted = edits > 1 && folded.length === other.length && sorted(folded) === sorted(other) ? 1 : edits;
    if (counted < least) [best, least] = [candidate, counted];
  }
  return best ?? candidates.find((candidate) => isPartOf(folded, fold(candidate)));
}

/**
 * Whether a word of at least four letters begins or ends a known one, or a known one of at least half its length begins
 * or ends the word.
 */
function isPartOf(word: string, known: string): boolean {
  const within = (part: string, whole: string): boolean =>
    part.length >= 4 && (whole.startsWith(part) || whole.endsWith(part));
  return within(word, known) || (known.length * 2 >= word.length && within(known, word));
}
