import type { EndedContainer } from '../model/attempt.js';
import { timestamp } from '../model/time.js';
import {
  type ContainerRuntime,
  type ContainerSpec,
  type ContainerState,
  type SandboxSpec,
  StartRefused,
} from '../runtime/runtime.js';
import { pace, sleep } from './engine.js';
import type { Reach } from './reach.js';

/** Which part of a container's life is known to have happened before this process took it up. */
export type Past = 'nothing' | 'recorded' | 'started';

export interface Starter {
  runtime: ContainerRuntime;
  reach: Reach;
  /** Makes sure that the sandbox is there; `lost`: it was, and is not any more. */
  openSandbox: (sandbox: SandboxSpec, lost: boolean) => Promise<void>;
  /** What a container has besides: secrets and volumes. @throws StartRefused */
  furnish: (spec: ContainerSpec) => Promise<ContainerSpec>;
  /** Lets only so many containers start at the same time. */
  startGate: <T>(start: () => Promise<T>) => Promise<T>;
  /** Once it is, nothing is started any more. */
  cancelled: () => boolean;
  now: () => number;
}

type Running = Exclude<ContainerState, { status: 'created' }>;

/**
 * Makes a container run that is not there yet, and finds out about one that is: it runs or has run, or it could not be
 * started. Undefined if it had not been started before `halt` said to start nothing any more. `torn` says whether a new
 * sandbox in place of one that is gone would part it from containers that run in that one.
 */
export async function bringUp(
  spec: ContainerSpec,
  past: Past,
  sandbox: SandboxSpec | undefined,
  starter: Starter,
  halt: AbortSignal,
  torn: () => boolean,
): Promise<Running | Exclude<EndedContainer, { status: 'exited' }> | undefined> {
  const inspect = (): Promise<ContainerState | undefined> =>
    starter.reach.insist(() => starter.runtime.inspect(spec.name));
  let state = past === 'nothing' ? undefined : await inspect();
  if (!state && past === 'started') return { status: 'missing' };
  while (!state || isUntouched(state)) {
    const halted = (): boolean => halt.aborted || starter.cancelled();
    const launched = await launch(spec, sandbox, starter, inspect, halted, torn);
    if (launched === 'halted') return undefined;
    state = launched;
  }
  return state;
}

/** Made, and neither started nor failed: somebody is about to start it, or died before. */
const isUntouched = (state: ContainerState): boolean =>
  state.status === 'created' && state.exitCode === 0 && state.error === '';

/**
 * Starts the container. A name that is taken means that an earlier process, or its client that has outlived it, made
 * the container of this very attempt: then that one counts, unless nobody starts it. Undefined: try again.
 */
async function launch(
  spec: ContainerSpec,
  sandbox: SandboxSpec | undefined,
  { runtime, reach, openSandbox, furnish, startGate, now }: Starter,
  inspect: () => Promise<ContainerState | undefined>,
  halted: () => boolean,
  torn: () => boolean,
): Promise<ContainerState | 'halted' | undefined> {
  try {
    const start = async () => {
      if (halted()) return 'halted';
      const furnished = await furnish(spec);
      if (sandbox) await openSandbox(sandbox, false);
      return reach.insist(() => runtime.start(furnished));
    };
    switch (await startGate(start)) {
      case 'halted':
        return 'halted';
      case 'started':
        return { status: 'running', startedAt: timestamp(now()) };
      case 'homeless':
        if (torn()) return { status: 'created', exitCode: 0, error: 'the sandbox of its attempt is gone' };
        if (sandbox) await openSandbox(sandbox, true);
        return undefined;
      case 'failed':
        return await inspect();
      case 'exists': {
        const state = await inspect();
        if (!state || !isUntouched(state)) return state;
        await sleep(pace.foreignStart);
        const later = await inspect();
        if (!later || !isUntouched(later)) return later;
        await reach.insist(() => runtime.remove(spec.name));
        return undefined;
      }
    }
  } catch (error) {
    if (error instanceof StartRefused) return { status: 'created', exitCode: 0, error: error.message };
    throw error;
  }
}

/** Follows a container that runs, with all that it writes, until it has ended. */
export async function seeThrough(
  name: string,
  host: {
    runtime: ContainerRuntime;
    reach: Reach;
    openLogs: () => { stdout: number; stderr: number; close(): void };
    /** It has written its last; false: it turned out to run on. */
    onQuiet: (quiet: boolean) => void;
  },
): Promise<EndedContainer> {
  for (;;) {
    const logs = host.openLogs();
    try {
      const whole = await host.runtime.follow(name, logs.stdout, logs.stderr);
      if (whole) host.onQuiet(true);
      const state = await host.reach.insist(() => host.runtime.inspect(name));
      if (!state) return { status: 'missing' };
      if (state.status === 'created') return state;
      if (whole && state.status === 'exited') {
        await host.reach.insist(() => host.runtime.completeLogs(name, logs.stdout, logs.stderr));
        return state;
      }
      if (whole) host.onQuiet(false);
    } finally {
      logs.close();
    }
    await sleep(pace.unavailable);
  }
}
