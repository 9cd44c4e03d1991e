import type { EndedAttempt } from '../model/attempt.js';
import type { RuntimeIdentity } from '../model/runtime-identity.js';
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
  identify(): Promise<RuntimeIdentity>;
  /** What the runtime can do for jobs. */
  capabilities(): Promise<Capabilities>;
  /** The networks that a job can join by name. */
  networks(): Promise<string[]>;
  /**
   * Begins work on an execution. If another process worked on it before, requests of that process have no effect once
   * this returns.
   */
  open(scope: ExecutionScope): Promise<AttemptSession>;
  /** Everything that the runtime holds for an owner. */
  list(owner: Owner): Promise<Remnant[]>;
  /** Returns a function that says whether something found by `list` belongs to one of these attempts. */
  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean;
  /** Removes what `list` found, and stops it first if it is running. It is not an error if it is gone already. */
  discard(remnants: readonly Remnant[]): Promise<void>;
  /**
   * Opens a shell in a container of an attempt: in the container itself while it runs, afterwards in a copy of it if it is
   * kept. Where the container has no shell, a toolbox beside it. `missing`: the runtime does not have the container.
   * `unstarted`: it has never run.
   * @throws StatusError
   */
  openShell(request: ShellRequest): Promise<Shell | 'missing' | 'unstarted'>;
  /** The request that has waited longest for an answer; undefined if none is waiting. */
  readonly slowest: SlowCall | undefined;
  /**
   * Ends all that this process has running for the runtime: requests under way fail soon, and attempts go on without
   * being followed.
   */
  close(): void;
}

/** Work on one execution, from `open` to `close`. It accepts the handles that it has placed or recovered. */
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
   * The same for an attempt that an earlier process left open: starts what had not started, and follows running
   * containers from the beginning of their output.
   * @param mainStarted whether its main container is known to have started; if it is gone, it is not started again
   */
  recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt>;
  /** Whether the main container has ended, even if the sink has not been notified yet. */
  hasEnded(handle: Handle): Promise<boolean>;
  /**
   * SIGTERM to all containers at once, SIGKILL to those that still run after the grace; nothing more starts. `start` or
   * `recover` gives its end: `unstarted` if this came first.
   */
  stop(handle: Handle): Promise<void>;
  /** Sends SIGKILL to all containers at once. Nothing more starts. */
  kill(handle: Handle): Promise<void>;
  /** Keeps the containers of an ended attempt. */
  keep(handle: Handle): void;
  /** Removes everything that an attempt which has ended left, unless it is kept. Its result must be on record. */
  remove(handle: Handle): Promise<void>;
  /** Removes everything that the execution left, except for the attempts in `keep`, which it stops. */
  sweep(keep: readonly Handle[]): Promise<void>;
  /** Ends background work; removes nothing. */
  close(): Promise<void>;
}

/** The owner of containers and volumes: a state directory, or one execution in it by its full name. */
export interface Owner {
  home: string;
  execution?: string | undefined;
}

/**
 * Where the parts of an attempt are, in a versioned format that only the runtime reads. It is recorded before anything
 * is created, so that the next process can find what this one leaves.
 */
export type Handle = string;

/** The handle of an attempt that is about to start. */
export interface Placement {
  handle: Handle;
  /** The runtime's name for the attempt, for people who inspect it with other tools. */
  name: string;
}

/** A shell that a person wants in a container of an attempt. */
export interface ShellRequest extends AttemptId {
  /** The state directory, and the full name of the execution. */
  home: string;
  execution: string;
  handle: Handle;
  /** The names of the attempt's containers. */
  containers: readonly string[];
  /** The index of the container that the shell is for, and of the main one. */
  container: number;
  main: number;
  settings: LocalSettings;
  /** What to run in place of a shell. */
  command?: readonly string[] | undefined;
  /** The shell gets a terminal. */
  tty: boolean;
  /** The image of a toolbox; `always`: not only where the container has no shell. */
  toolbox: { image: string; always: boolean };
  /** The image of the toolbox is being pulled. */
  onPull: (image: string) => void;
  signal: AbortSignal;
}

export interface Shell {
  /** The program that is the shell, to run with the streams of the caller. */
  program: { command: string; args: string[]; env: Record<string, string | undefined> };
  /** In a copy, because the container has ended. */
  copy: boolean;
  /** The image of the toolbox that it is in. */
  toolbox?: string | undefined;
  /** Whether the container, or its copy, has ended. */
  hasEnded(): Promise<boolean>;
  /** Removes all that was made for the shell. It goes away by itself if this process dies, except for the image of a copy. */
  close(): Promise<void>;
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
  /** Ports of this machine that lead to ports of containers. */
  | 'publishedPorts'
  /** What a container writes to its file system counts as memory. */
  | 'strictFs'
  /** Containers stay after their end. */
  | 'keep';

/** What all attempts of an execution share. */
export interface ExecutionScope {
  /** The state directory. */
  home: string;
  execution: Execution;
  settings: LocalSettings;
  /** A directory on this machine for files of the attempts; only the runtime uses it. */
  directory: string;
  /** The attempts that an earlier process left open, and the ended attempts that are kept. */
  open: readonly Handle[];
  kept: readonly Handle[];
  /** Whether an earlier process worked on the execution. */
  resumed: boolean;
  /** The project number, for the metadata server. */
  projectNumber: string;
  /** The application default credentials of this machine. */
  credentials: TokenSource & { readonly file: string };
  sources: Sources;
  availability: Availability;
  /** Once true, no further container starts. */
  cancelled: () => boolean;
  /** Receives the failure of background work, which ends the run. */
  onFailure: (error: unknown) => void;
}

/** What jobs get from this machine, looked up when an attempt starts. */
export interface Sources {
  /** The current value of a secret version. @throws StartRefused */
  secret(reference: SecretReference): Promise<Buffer>;
  /** Calls `onChange` whenever the value of a secret may have changed, until the returned function is called. */
  watchSecret(reference: SecretReference, onChange: () => void): () => void;
  /** Makes sure that a path that the job can access still leads to the same place. @throws StartRefused */
  verify(path: string): void;
}

/** A version of a secret, as the job names it. */
export interface SecretReference {
  secret: string;
  version: string;
}

/** Repeats requests while the runtime is away. Reports the loss and the return once each. */
export interface Availability {
  /** @throws any error of the call, except that the runtime is away */
  insist<T>(call: () => Promise<T>): Promise<T>;
  /** Whether the runtime was away at a time, in ms since 1970. */
  wasAway(time: number): boolean;
}

/** Something that the runtime holds, such as a container or a volume. */
export interface Remnant {
  kind: string;
  name: string;
}

/** Identifies an attempt of an execution. */
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

/** A container of an attempt, and its dependencies. */
export interface AttemptContainer {
  /** Its name in messages and log files; unique in the attempt. */
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
  /** Indexes of the containers that must be up before it starts. */
  dependsOn: readonly number[];
  /** Its port is always set. */
  probe: Probe | undefined;
  volumeMounts: readonly VolumeMount[];
}

/** Is notified about an attempt. */
export interface AttemptSink {
  /** The attempt has a node of a cluster. */
  placed(node: string): void;
  /** The attempt cannot start yet, and why, on one line. Undefined: nothing stands in its way any longer. */
  waiting(why: string | undefined): void;
  /** Ports of the runtime's machine that lead to ports of its containers, as addresses by port. */
  published(ports: Readonly<Record<string, string>>): void;
  /** A container has been running since `startedAt`, in ms since 1970 by the runtime's clock. */
  started(startedAt: number, main: boolean): void;
  /**
   * Opens the log of a container, given by name unless it is the main one, for all its output from the beginning. A
   * runtime that must read a log again opens it again, and the new log replaces the old one.
   */
  output(container: string | undefined): Output;
  /** The output of a container, if it is very short. */
  written(container: string | undefined): Record<Stream, string>;
  /** All output is written: the slot is free, and the result follows. False: the attempt is running after all. */
  quiet(quiet: boolean): void;
}

export type Stream = 'stdout' | 'stderr';

/** Receives a container's output, each line after an RFC 3339 timestamp and a space (see LogDecoder). */
export interface Output {
  write(stream: Stream, data: Buffer): void;
  /** Why part of the output could not be written; later output is ignored. */
  readonly failure: Error | undefined;
  /** Discards the output: it was not the container's. */
  clear(): void;
  /** Everything has been written. */
  complete(): void;
  /** The missing part stays missing, and the log says so at its end. */
  giveUp(): void;
  close(): void;
}

/** An image that the runtime has. */
export interface Image {
  /** The reference, with the digest that a registry assigned. */
  reference: string;
  /** Identifies exactly this image in the runtime. */
  id: string;
  /** It was pulled just now. */
  pulled: boolean;
  /** Why the reference has no digest, so that attempts may run different images. */
  unpinned?: string | undefined;
}

/** An image is unavailable. */
export class ImageUnavailable extends Error {
  override name = 'ImageUnavailable';
  readonly reference: string;
  /** The execution's condition. */
  readonly condition: Condition;

  /** @param detail the runtime's message, on one line */
  constructor(reference: string, condition: Condition, detail: string) {
    super(detail);
    this.reference = reference;
    this.condition = condition;
  }
}

/** An attempt, or a container of it, cannot start. The message is the runtime's, or says that there is none. */
export class StartRefused extends Error {
  override name = 'StartRefused';
  /** 126: not executable, 127: no such command, otherwise 0. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 0) {
    super(message || 'no reason given');
    this.exitCode = exitCode;
  }
}

/** A request to the runtime, in a form for people such as `docker rm`, and how long it has been unanswered, in ms. */
export interface SlowCall {
  call: string;
  ms: number;
}
