import type { EndedAttempt } from '../model/attempt.js';
import type { ContainerEngine } from '../model/container-engine.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { TokenSource } from '../model/metadata-server.js';
import type { Condition } from '../model/schema/condition.js';
import type { Volume, VolumeMount } from '../model/schema/container.js';
import type { Execution } from '../model/schema/job.js';
import type { Probe } from '../model/schema/probe.js';

/**
 * What runs attempts: a container engine, or a cluster. An attempt is all containers of one try of one task. A request
 * rejects with a StatusError of code UNAVAILABLE while the runtime does not answer; those of sessions go through the
 * scope's `availability`, which repeats them. test/runtime-contract proves what is said here for every runtime.
 */
export interface AttemptRuntime {
  /** Which runtime answers; it may be remembered from the first answer. */
  identify(): Promise<ContainerEngine>;
  /** What it can do for jobs. */
  capabilities(): Promise<Capabilities>;
  /** The networks that a job can join by name. */
  networks(): Promise<string[]>;
  /**
   * Begins work on an execution. If another process worked on it before, that process's requests take no effect once
   * this returns.
   */
  open(scope: ExecutionScope): Promise<AttemptSession>;
  /** All that the runtime holds for an owner. */
  list(owner: Owner): Promise<Remnant[]>;
  /** Tells whether something that `list` found belongs to one of these attempts. */
  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean;
  /** Removes what `list` found, and stops it first if it runs. What is gone already is no error. */
  discard(remnants: readonly Remnant[]): Promise<void>;
  /** The request that has waited longest for an answer; undefined if none is waiting. */
  readonly slowest: SlowCall | undefined;
  /**
   * Ends all that this process has running for the runtime: requests under way fail soon, and attempts go on without
   * being followed.
   */
  close(): void;
}

/** Work on one execution, from `open` to `close`. Handles are those that it has placed or recovered. */
export interface AttemptSession {
  /** How many attempts to start at the same time; more would only slow each other down. */
  readonly starts: number;
  /**
   * Finds the images of an execution and pulls those that are missing, until `signal` aborts.
   * @throws ImageUnavailable
   */
  prepare(references: readonly string[], signal: AbortSignal, onPull: (reference: string) => void): Promise<Image[]>;
  /** Gives an attempt a place, before anything is made: the handle is recorded first, then the attempt starts. */
  place(id: AttemptId): Placement;
  /**
   * Starts an attempt and sees it through to its end. An attempt of a task exists once in the runtime: one that is there,
   * because another process has started it, is followed from the beginning of its output, even if it has ended. Rejects
   * only if the run cannot go on: an attempt that cannot start has ended.
   */
  start(handle: Handle, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt>;
  /**
   * The same for an attempt that an earlier process left open: starts what had not started, and follows what runs from
   * the beginning of its output.
   * @param mainStarted whether its main container is known to have started; if that is gone, it does not start again
   */
  recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt>;
  /** Whether the main container has ended, which the sink may not have heard yet. */
  hasEnded(handle: Handle): Promise<boolean>;
  /**
   * SIGTERM to all containers at once, SIGKILL to those that still run after the grace; nothing more starts. `start` or
   * `recover` gives its end: `unstarted` if this came first.
   */
  stop(handle: Handle): Promise<void>;
  /** SIGKILL to all containers at once; nothing more starts. */
  kill(handle: Handle): Promise<void>;
  /** Leaves the containers of an attempt that has ended in place. */
  keep(handle: Handle): void;
  /** Removes everything that an attempt which has ended left, unless it is kept. Its result must be on record. */
  remove(handle: Handle): Promise<void>;
  /** Removes everything that the execution left, except for the attempts to keep, which it stops. */
  sweep(keep: readonly Handle[]): Promise<void>;
  /** Ends what goes on beside the attempts; removes nothing. */
  close(): Promise<void>;
}

/** Whose things they are: those of a state directory, or of one execution in it, by its full name. */
export interface Owner {
  home: string;
  execution?: string | undefined;
}

/**
 * Where the parts of an attempt are, in a form that only the runtime reads, and that says its own version. Recorded
 * before anything is made, so that the next process finds what this one leaves.
 */
export type Handle = string;

/** The place of an attempt that is about to start. */
export interface Placement {
  handle: Handle;
  /** What the runtime calls the attempt, for people who look at it with other tools. */
  name: string;
}

/** What a runtime can do for jobs. */
export interface Capabilities {
  /** The features that it lacks, each with the reason, which follows the field that asks for it. */
  lacks: Partial<Record<Feature, string>>;
}

/** What not every runtime can do. */
export type Feature =
  | 'gpus'
  /** Containers that wait for others, and probes that say when they are up. */
  | 'startupOrder'
  | 'metadataServer'
  /** Directories and sockets of this machine, which stand for buckets, exports and Cloud SQL instances. */
  | 'hostFiles'
  /** Networks by name, and this machine as host.docker.internal. */
  | 'hostNetworks'
  /** What a container writes to its file system counts as memory. */
  | 'strictFs'
  /** Containers stay after their end. */
  | 'keep';

/** What all attempts of an execution have in common. */
export interface ExecutionScope {
  /** The state directory. */
  home: string;
  execution: Execution;
  settings: LocalSettings;
  /** A directory of this machine for the files that the attempts need; only the runtime uses it. */
  directory: string;
  /** Attempts that an earlier process left open, and those that ended and are kept. */
  open: readonly Handle[];
  kept: readonly Handle[];
  /** Whether an earlier process worked on the execution. */
  resumed: boolean;
  /** For the metadata server, which names it beside the project. */
  projectNumber: string;
  /** The application default credentials of this machine. */
  credentials: TokenSource & { readonly file: string };
  sources: Sources;
  availability: Availability;
  /** Once true, no container starts any more. */
  cancelled: () => boolean;
  /** Takes the failure of something that goes on beside the attempts; the run ends with it. */
  onFailure: (error: unknown) => void;
}

/** What jobs get of this machine, looked up when an attempt starts. */
export interface Sources {
  /** The value of a secret version now. @throws StartRefused */
  secret(reference: SecretReference): Promise<Buffer>;
  /** Calls `onChange` whenever the value of a secret may have changed, until the returned function is called. */
  watchSecret(reference: SecretReference, onChange: () => void): () => void;
  /** Makes sure that a path that the job may see still leads where it led. @throws StartRefused */
  verify(path: string): void;
}

/** A version of a secret, as the job names them. */
export interface SecretReference {
  secret: string;
  version: string;
}

/** Repeats requests while the runtime is away, and reports once that it is, and once that it is back. */
export interface Availability {
  /** @throws what the call throws for another reason than that the runtime is away */
  insist<T>(call: () => Promise<T>): Promise<T>;
  /** Whether the runtime was away at a time, in ms since 1970. */
  wasAway(time: number): boolean;
}

/** Something that the runtime holds, as a container or a volume. */
export interface Remnant {
  kind: string;
  name: string;
}

/** Which attempt of an execution it is. */
export interface AttemptId {
  task: number;
  attempt: number;
}

/** An attempt to start. No shell interprets anything of it, and no value is expanded. */
export interface AttemptSpec extends AttemptId {
  containers: readonly AttemptContainer[];
  /** The index of the container whose end is the end of the attempt. */
  main: number;
  /** From SIGTERM to SIGKILL. */
  graceSeconds: number;
  volumes: readonly Volume[];
}

/** A container of an attempt, and what it waits for. */
export interface AttemptContainer {
  /** What messages and log files call it; unique in the attempt. */
  name: string;
  /** As `prepare` found it. */
  image: string;
  env: Record<string, string>;
  /** Variables whose values are secrets. */
  secrets: Readonly<Record<string, SecretReference>>;
  /** Replaces the image's entrypoint, and drops the image's command. */
  command?: readonly string[] | undefined;
  /** Replaces the image's command. */
  args?: readonly string[] | undefined;
  workingDir?: string | undefined;
  memoryBytes: number;
  cpus: number;
  gpus: number;
  /** Indexes of the containers that have to be up before it starts. */
  dependsOn: readonly number[];
  /** With a port in it. */
  probe: Probe | undefined;
  volumeMounts: readonly VolumeMount[];
}

/** Hears what happens to an attempt. */
export interface AttemptSink {
  /** A container runs since `startedAt`, in ms since 1970 by the runtime's clock. */
  started(startedAt: number, main: boolean): void;
  /**
   * Opens the log of a container, by its name if it is not the main one, for all that it writes from the beginning. A
   * runtime that has to read a log once more opens it once more: the new log replaces the old one.
   */
  output(container: string | undefined): Output;
  /** What a container has written, if that is very little. */
  written(container: string | undefined): Record<Stream, string>;
  /** All output is written: the slot is free, and the result follows. False: the attempt turned out to go on. */
  quiet(quiet: boolean): void;
}

export type Stream = 'stdout' | 'stderr';

/** Takes what a container writes, each line after an RFC 3339 timestamp and a space (see LogDecoder). */
export interface Output {
  write(stream: Stream, data: Buffer): void;
  /** Why something of it could not be taken; nothing that comes after it counts. */
  readonly failure: Error | undefined;
  /** Forgets what was written: it was not the container's. */
  clear(): void;
  /** Everything has been written. */
  complete(): void;
  /** What is missing stays missing: the log says so at its end. */
  giveUp(): void;
  close(): void;
}

/** An image that the runtime has. */
export interface Image {
  /** The reference, with the digest that a registry gave the image. */
  reference: string;
  /** Names exactly this image in the runtime. */
  id: string;
  /** It was pulled just now. */
  pulled: boolean;
}

/** An image cannot be had. */
export class ImageUnavailable extends Error {
  override name = 'ImageUnavailable';
  readonly reference: string;
  /** What the execution says about it. */
  readonly condition: Condition;

  /** @param detail what the runtime says, in one line */
  constructor(reference: string, condition: Condition, detail: string) {
    super(detail);
    this.reference = reference;
    this.condition = condition;
  }
}

/** An attempt, or a container of it, cannot be started. The message is the runtime's, and says so if it has none. */
export class StartRefused extends Error {
  override name = 'StartRefused';
  /** 126: not executable, 127: no such command, otherwise 0. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 0) {
    super(message || 'no reason given');
    this.exitCode = exitCode;
  }
}

/** What a runtime was asked, for people, as `docker rm`, and for how long it has been silent, in ms. */
export interface SlowCall {
  call: string;
  ms: number;
}
