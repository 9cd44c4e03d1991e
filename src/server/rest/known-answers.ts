import type { ServerCall } from '../methods/method.js';

interface Answer {
  version: string;
  bytes: Buffer;
}

/** The most answers to keep, and the largest of them, in bytes. */
const most = 256;
const largest = 64 * 1024;

/** By store, and then by the address of the request. */
const known = new WeakMap<object, Map<string, Answer>>();

/**
 * The answer that the same request has had, if the store has not changed since: who polls a resource mostly gets what
 * there was before.
 */
export function knownAnswer({ store, changes }: ServerCall, url: string): Buffer | undefined {
  const answer = known.get(store)?.get(url);
  return answer && answer.version === changes.version ? answer.bytes : undefined;
}

/** @param version that of the store before the answer was made */
export function rememberAnswer({ store }: ServerCall, url: string, version: string, bytes: Buffer): void {
  if (bytes.length > largest) return;
  const answers = known.get(store) ?? new Map<string, Answer>();
  known.set(store, answers);
  answers.delete(url);
  const [oldest] = answers.keys();
  if (answers.size >= most && oldest !== undefined) answers.delete(oldest);
  answers.set(url, { version, bytes });
}
