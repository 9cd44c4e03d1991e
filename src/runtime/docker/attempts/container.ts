import type { EndedContainer } from '../../../model/attempt.js';
import { epochMs } from '../../../model/time.js';
import { type Availability, type Output, StartRefused } from '../../port.js';
import { sleep } from '../../sleep.js';
import type { EngineApi, ContainerSpec, ContainerState, SandboxSpec } from '../engine-api.js';
import { pace } from './pace.js';

/** How far a container is known to have come before this process resumed its attempt. */
export type Past = 'nothing' | 'recorded' | 'started';

export interface Starter {
  engine: EngineApi;
  availability: Availability;
  /** Makes sure that the sandbox exists; `lost`: it did, and no longer does. */
  openSandbox: (sandbox: SandboxSpec, lost: boolean) => Promise<void>;
  /** Provides the secrets and volumes of a container. @throws StartRefused */
  furnish: (spec: ContainerSpec) => Promise<ContainerSpec>;
  /** Limits how many containers start at the same time. */
  startGate: <T>(start: () => Promise<T>) => Promise<T>;
  /** Once it is aborted, nothing more starts. */
  cancelled: () => boolean;
}

type Running = Exclude<ContainerState, { status: 'created' }> & {
  /**
   * If this process is attached: the exit code, once the container has ended and its output is written (see Started).
   */
  ended?: Promise<number | undefined>;
  letGo?: () => void;
};

/** Opens a container's log again from the beginning. */
export type OpenOutput = () => Output;

/**
 * Starts a container that does not exist yet, or finds out what became of one that does: it is running, has run, or
 * could not be started. Undefined if it had not started before `halt` forbade further starts. `torn` says whether a new
 * sandbox in place of a lost one would separate it from containers that are still running.
 */
export async function bringUp(
  spec: ContainerSpec,
  past: Past,
  sandbox: SandboxSpec | undefined,
  starter: Starter,
  halt: AbortSignal,
  torn: () => boolean,
  openOutput: OpenOutput,
): Promise<Running | Exclude<EndedContainer, { status: 'exited' | 'lost' }> | undefined> {
  const inspect = (): Promise<ContainerState | undefined> =>
    starter.availability.insist(() => starter.engine.inspect(spec.name));
  let state: Running | ContainerState | undefined = past === 'nothing' ? undefined : await inspect();
  if (!state && past === 'started') return { status: 'missing' };
  const halted = (): boolean => halt.aborted || starter.cancelled();
  try {
    for (let tries = 1; !state || isUntouched(state); tries++) {
      const launched = await launch(spec, sandbox, starter, { inspect, halted, torn, openOutput });
      if (launched === 'halted') return undefined;
      if ('again' in launched) {
        if (tries === pace.startTries) throw new StartRefused(launched.again);
        state = undefined;
      } else state = launched;
    }
    return state;
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    const { exitCode, message } = error;
    return { status: 'created', exitCode, error: message };
  }
}

/** Made, and neither started nor failed: a client is about to start it, or died before it could. */
const isUntouched = (state: ContainerState): boolean =>
  state.status === 'created' && state.exitCode === 0 && state.error === '';

/**
 * Starts the container. A name that is taken means that an earlier process, or its client that has outlived it, made
 * the container of this very attempt: then that one counts, unless it is never started.
 * @returns `again`: to be tried again, and what to say if it stays so
 * @throws StartRefused
 */
async function launch(
  spec: ContainerSpec,
  sandbox: SandboxSpec | undefined,
  { engine, availability, openSandbox, furnish, startGate }: Starter,
  { inspect, halted, torn, openOutput }: Launch,
): Promise<Running | ContainerState | 'halted' | { again: string }> {
  const start = async () => {
    if (halted()) return 'halted';
    const furnished = await furnish(spec);
    if (sandbox) await openSandbox(sandbox, false);
    const output = openOutput();
    try {
      const started = await availability.insist(() => engine.start(furnished, output));
      if (typeof started !== 'string') return { ...started, ended: kept(started.ended, output) };
      output.close();
      return started;
    } catch (error) {
      output.close();
      throw error;
    }
  };
  const started = await startGate(start);
  if (typeof started !== 'string') return { status: 'running', ...started };
  switch (started) {
    case 'halted':
      return 'halted';
    case 'homeless':
      if (torn()) throw new StartRefused('the sandbox of its attempt is gone');
      if (sandbox) await openSandbox(sandbox, true);
      return { again: 'its sandbox goes away as soon as it is made' };
    case 'exists': {
      for (let waited = 0; ; waited += pace.foreignPoll) {
        const state = await inspect();
        if (state && !isUntouched(state)) return state;
        if (waited >= pace.foreignStart) break;
        await sleep(pace.foreignPoll);
      }
      // Podman may have kept only the name for a client that was killed.
      await availability.insist(() => engine.remove(spec.name));
      return { again: 'there is a container of its name each time, which does not start' };
    }
  }
}

/** The exit codes of containers that the engine ends. */
const enginesOwn = [128 + 15, 128 + 9];

/** The exit code of a container whose output is complete. */
async function kept(ended: Promise<number | undefined>, output: Output): Promise<number | undefined> {
  try {
    const exitCode = await ended;
    if (exitCode !== undefined) output.complete();
    return output.failure ? undefined : exitCode;
  } finally {
    output.close();
  }
}

interface Launch {
  inspect: () => Promise<ContainerState | undefined>;
  halted: () => boolean;
  torn: () => boolean;
  openOutput: OpenOutput;
}

/**
 * Follows a container that runs, with all that it writes, until it has ended. A client that is attached
 * brings its output; the engine's log is read only if that broke off.
 */
export async function seeThrough(
  name: string,
  attached: Promise<number | undefined> | undefined,
  host: {
    engine: EngineApi;
    availability: Availability;
    openOutput: OpenOutput;
    /** Whether other attempts are running, so that a successful result may take a while. */
    patient: () => boolean;
    /** It has written its last output. False: it is running after all. */
    onQuiet: (quiet: boolean) => void;
  },
): Promise<EndedContainer> {
  const { engine, availability, openOutput, onQuiet, patient } = host;
  const exitCode = await attached;
  if (exitCode !== undefined) {
    onQuiet(true);
    const state = await availability.insist(() => engine.inspect(name, exitCode === 0 && patient()));
    if (!state) return { status: 'missing' };
    if (state.status === 'exited' && state.exitCode === exitCode) return state;
    onQuiet(false);
  }
  for (let unkept = 0, unheard = 0; ;) {
    const output = openOutput();
    try {
      const whole = await engine.follow(name, output);
      if (whole) output.complete();
      if (whole && output.failure) unkept++;
      const settled = whole && (!output.failure || unkept === pace.logTries);
      if (settled) onQuiet(true);
      const state = await availability.insist(() => engine.inspect(name));
      if (!state) return { status: 'missing' };
      if (state.status === 'created') return state;
      if (state.status === 'exited') {
        // An engine that answers, but cannot return the log of an ended container, may never be able to.
        if (!whole) unheard++;
        const unreadable = unheard === pace.logTries;
        if (settled || unreadable) {
          output.giveUp();
          // When an engine comes back, it captures the output of running containers again before it ends them, if it
          // ends them at all.
          const away = availability.wasAway(epochMs(state.finishedAt)) && !enginesOwn.includes(state.exitCode);
          return unreadable || away ? { ...state, unheard: true } : state;
        }
      }
      if (settled) onQuiet(false);
    } finally {
      output.close();
    }
    await sleep(output.failure ? pace.unkept : pace.retry);
  }
}
