import type { Availability } from '../../port.js';
import { pause } from '../../sleep.js';
import type { EngineApi, ContainerSpec } from '../engine-api.js';

/** How often to measure what a container has written, in ms; less often if measuring takes long. */
const interval = 500;
const share = 5;

/** A difference too small for a new limit, and the lowest limit that engines accept, in bytes. */
const grain = 2 ** 20;
const lowestLimit = 6 * 2 ** 20;

/** How often in a row memory may be too full for its new limit: data that is yet to be written to disk leaves it. */
const refusals = 5;

/**
 * Charges a container for what it writes to its file system, which is memory in Cloud Run: its memory limit shrinks by
 * as much, and it is killed if that leaves too little. The engine says what was written and not when, so this
 * comes up to a second late. Goes on until `over` is aborted, after the container's end.
 * @returns whether the limit was reached
 */
export async function chargeWrites(
  { name, memoryBytes }: ContainerSpec,
  { engine, availability }: { engine: EngineApi; availability: Availability },
  over: AbortSignal,
): Promise<boolean> {
  let charged = 0;
  let refused = 0;
  for (;;) {
    const since = performance.now();
    const written = (await availability.insist(() => engine.written(name))) ?? 0;
    const took = performance.now() - since;
    if (written > memoryBytes || refused === refusals) {
      await availability.insist(() => engine.kill(name));
      return true;
    }
    if (over.aborted) return false;
    if (Math.abs(written - charged) >= grain) {
      const limit = Math.max(lowestLimit, memoryBytes - written);
      const done = await availability.insist(() => engine.limitMemory(name, limit));
      if (done) charged = written;
      refused = done ? 0 : refused + 1;
    }
    await pause(Math.max(interval, share * took), over);
  }
}
