import type { EndedContainer } from '../model/attempt.js';
import { epochMs, timestamp } from '../model/time.js';
import { type ContainerRuntime, type ContainerSpec, type ContainerState, StartRefused } from '../runtime/runtime.js';
import { pace, sleep } from './engine.js';
import type { Reach } from './reach.js';

/** What an attempt needs of the execution that it belongs to. */
export interface AttemptHost {
  runtime: ContainerRuntime;
  reach: Reach;
  /** Lets only so many containers start at the same time. */
  startGate: <T>(start: () => Promise<T>) => Promise<T>;
  /** Once it is, nothing is started any more. */
  cancelled: () => boolean;
  openLogs: () => { stdout: number; stderr: number; close(): void };
  now: () => number;
  /** The container runs; ms since 1970. */
  onStarted: (startedAt: number) => void;
  /** The container has written its last, so that its slot is free; false: it turned out to run on. */
  onQuiet: (quiet: boolean) => void;
}

/** Which part of an attempt is known to have happened before this process took it up. */
export type Past = 'nothing' | 'recorded' | 'started';

/** Brings the container of an attempt into being, if it is not there, and sees it through to its end. */
export async function runAttempt(spec: ContainerSpec, past: Past, host: AttemptHost): Promise<EndedContainer> {
  const inspect = (): Promise<ContainerState | undefined> => host.reach.insist(() => host.runtime.inspect(spec.name));
  let state = past === 'nothing' ? undefined : await inspect();
  if (!state && past === 'started') return { status: 'missing' };
  if (!state || isUntouched(state)) {
    const launched = await launch(spec, host, inspect);
    if (launched.status === 'created') return launched;
    state = launched;
  }
  if (state.status === 'created') return state;
  host.onStarted(epochMs(state.startedAt));
  for (;;) {
    const logs = host.openLogs();
    const whole = await host.runtime.follow(spec.name, logs.stdout, logs.stderr).finally(() => logs.close());
    host.onQuiet(true);
    state = await inspect();
    if (!state) return { status: 'missing' };
    if (state.status === 'exited' && whole) return state;
    if (state.status === 'created') return state;
    if (state.status === 'running') host.onQuiet(false);
    await sleep(pace.unavailable);
  }
}

/** Made, and neither started nor failed: somebody is about to start it, or died before. */
const isUntouched = (state: ContainerState): boolean =>
  state.status === 'created' && state.exitCode === 0 && state.error === '';

/**
 * Starts the container. A name that is taken means that an earlier process, or its client that has outlived it, made
 * the container of this very attempt: then that one counts, unless nobody starts it.
 */
async function launch(
  spec: ContainerSpec,
  host: AttemptHost,
  inspect: () => Promise<ContainerState | undefined>,
): Promise<ContainerState> {
  for (;;) {
    let result: 'started' | 'failed' | 'exists' | 'cancelled';
    try {
      result = await host.startGate(async () =>
        host.cancelled() ? 'cancelled' : host.reach.insist(() => host.runtime.start(spec)),
      );
    } catch (error) {
      if (error instanceof StartRefused) return { status: 'created', exitCode: 0, error: error.message };
      throw error;
    }
    if (result === 'cancelled') return { status: 'created', exitCode: 0, error: '' };
    if (result === 'started') return { status: 'running', startedAt: timestamp(host.now()) };
    let state = await inspect();
    if (state && isUntouched(state)) {
      await sleep(pace.foreignStart);
      state = await inspect();
      if (state && isUntouched(state)) {
        await host.reach.insist(() => host.runtime.remove(spec.name));
        continue;
      }
    }
    if (state) return state;
  }
}
