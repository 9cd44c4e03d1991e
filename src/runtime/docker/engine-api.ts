import type { Duplex } from 'node:stream';
import type { ContainerEngine } from '../../model/container-engine.js';
import type { Timestamp } from '../../model/time.js';
import type { Output, SlowCall } from '../port.js';

/** Something of the engine's machine, or memory, that appears in a container at `target`. */
export type Mount = { target: string; readOnly?: boolean } &
  /** A file or directory, by its path on the engine's machine. */
  (
    | { kind: 'bind'; source: string }
    /** A volume of the engine, by its name. */
    | { kind: 'volume'; source: string }
    /** Memory of the container's own; `mode` are permission bits. `target` holds no colon. */
    | { kind: 'tmpfs'; sizeBytes: number; mode: number }
  );

/** How a network namespace is connected. */
export interface NetworkSpec {
  /** Names that stand for 127.0.0.1. */
  hosts: readonly string[];
  /** A network of the engine; its default one if unset. */
  network?: string | undefined;
  /** host.docker.internal stands for the engine's machine. */
  hostAccess: boolean;
}

/** A network namespace that containers join: they share localhost, which nothing outside reaches. */
export interface SandboxSpec extends NetworkSpec {
  /** Unique in the engine, and what makes opening idempotent. */
  name: string;
  labels: Record<string, string>;
  /** Volumes in memory, which last as long as something mounts them. */
  mounts?: readonly Mount[] | undefined;
}

/** A volume that any user may write to, on the engine's disk or in memory of this size. */
export interface VolumeSpec {
  /** Unique in the engine, and what makes creating idempotent. */
  name: string;
  labels: Record<string, string>;
  memoryBytes?: number | undefined;
}

/** A container to be started. Nothing here is interpreted by a shell, and no value is expanded. */
export interface ContainerSpec {
  /** Unique in the engine, and what makes a start idempotent. */
  name: string;
  /** An image id, as `image` has resolved it. */
  image: string;
  /** The name of the sandbox that the container joins, or what a network namespace of its own is like. */
  network: { sandbox: string } | NetworkSpec;
  labels: Record<string, string>;
  env: Record<string, string>;
  /** Further variables, whose values no other user of this machine may see. */
  secrets?: Record<string, string> | undefined;
  /** Replaces the image's entrypoint, and drops the image's command. */
  command?: readonly string[] | undefined;
  /** Replaces the image's command. */
  args?: readonly string[] | undefined;
  workingDir?: string | undefined;
  memoryBytes: number;
  cpus: number;
  /** Processes and threads that it may have at once, 0 for any number; what the engine grants if unset. */
  processes?: number | undefined;
  /** How many GPUs it gets. */
  gpus?: number | undefined;
  mounts?: readonly Mount[] | undefined;
}

export interface Capacity {
  cpus: number;
  memoryBytes: number;
  /** Whether containers can have GPUs. */
  gpus: boolean;
}

export type ContainerState =
  | { status: 'created'; exitCode: number; error: string }
  | { status: 'running'; startedAt: Timestamp }
  | { status: 'exited'; startedAt: Timestamp; finishedAt: Timestamp; exitCode: number; oomKilled: boolean };

/** What the engine does with a container's output. */
export type ContainerOutput = Pick<Output, 'write' | 'failure' | 'clear'>;

/** A container that runs, with a client attached to it. */
export interface Started {
  startedAt: Timestamp;
  /** Its exit code, once it has ended and all its output is written; undefined if the output broke off. */
  ended: Promise<number | undefined>;
  /** Ends the client, which breaks the output off. */
  letGo: () => void;
}

export interface Image {
  /** Names exactly this image in the engine. */
  id: string;
  /** `REPOSITORY@DIGEST` where a registry has given it one. */
  digest: string | undefined;
  /** What it was made for, as `linux/amd64`. */
  platform: string;
}

/** Why an image cannot be had. */
export type ImageFault =
  /** There is none of that name, or none that the registry shows to strangers. */
  | 'missing'
  /** The registry does not hand it out. */
  | 'denied'
  /** The client cannot get the user's credentials. */
  | 'credentials'
  /** There is no such registry. */
  | 'host'
  /** The registry does not answer. */
  | 'silence'
  /** The engine does not trust the registry. */
  | 'trust'
  /** The registry has had enough for now. */
  | 'rate'
  /** It is there for other platforms. */
  | 'platform'
  /** The engine has no place for it. */
  | 'disk'
  /** The engine has not got it, and is not to pull it. */
  | 'unpulled'
  | 'other';

/** The engine does not have an image, and cannot pull it. */
export class ImageFailure extends Error {
  override name = 'ImageFailure';
  readonly fault: ImageFault;

  /** @param detail what the engine says, in a line */
  constructor(fault: ImageFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

/** Takes connections until `close`, or until it ends by itself. */
export interface Listener {
  ended: Promise<void>;
  close(): void;
}

/**
 * A container engine, as far as running attempts needs one. It knows containers, not jobs. Every method throws a
 * StatusError with code UNAVAILABLE while the engine does not answer.
 */
export interface EngineApi {
  /** Which engine it is that answers. */
  engine(): Promise<ContainerEngine>;
  /** What the engine has to give. */
  capacity(): Promise<Capacity>;
  /** The networks that a container can join without giving up a network namespace of its own. */
  networks(): Promise<string[]>;
  /** The image in the engine; undefined if it would have to be pulled. */
  localImage(reference: string): Promise<Image | undefined>;
  /** Fetches the image, for a platform if one is given, until `signal` ends that. @throws ImageFailure */
  pullImage(reference: string, platform: string | undefined, signal: AbortSignal): Promise<Image>;
  /**
   * Makes and starts the container; what it writes goes to `output`. `exists`: there is one of that name already, which
   * is left as it is, or one was made and left behind; `homeless`: its sandbox is gone, and no container was made. What
   * has not started has no output.
   * @throws StartRefused
   */
  start(spec: ContainerSpec, output: ContainerOutput): Promise<Started | 'exists' | 'homeless'>;
  /** Makes the sandbox, unless it is there. Link-local addresses are out of reach in it. @throws StartRefused */
  openSandbox(spec: SandboxSpec): Promise<void>;
  /** A connection to a port of a sandbox's localhost. `homeless`: the sandbox is gone. */
  dial(sandbox: string, port: number): Promise<Duplex | 'refused' | 'homeless'>;
  /** Takes the connections to a port of a sandbox's localhost, one after the other. `refused`: the port is taken. */
  listen(
    sandbox: string,
    port: number,
    onConnection: (connection: Duplex) => void,
  ): Promise<Listener | 'refused' | 'homeless'>;
  /**
   * Copies all that the container has written and writes until it ends. False if the log broke off, as when the engine
   * goes away.
   */
  follow(name: string, output: ContainerOutput): Promise<boolean>;
  /**
   * The container's state; undefined if there is no such container.
   * @param patient whether the answer may take a while, so that it costs less
   */
  inspect(name: string, patient?: boolean): Promise<ContainerState | undefined>;
  /** SIGTERM, and SIGKILL after `graceSeconds`; returns when the container has ended or is gone. */
  stop(name: string, graceSeconds: number): Promise<void>;
  kill(name: string): Promise<void>;
  /** The bytes that the container has written to its file system, volumes apart; undefined if there is no such container. */
  written(name: string): Promise<number | undefined>;
  /** Sets another memory limit; false if the container has more in use already. */
  limitMemory(name: string, bytes: number): Promise<boolean>;
  /**
   * Removes the container, running or not, with its anonymous volumes; none of that name is no error.
   * @param patient as of `inspect`
   */
  remove(name: string, patient?: boolean): Promise<void>;
  /** As `remove`, of many containers, with every container in the sandboxes among them. */
  removeAll(names: readonly string[]): Promise<void>;
  /** The names of all containers, in any state, that have these labels. */
  list(labels: Record<string, string>): Promise<string[]>;
  /** Makes the volume, unless it is there. @throws StartRefused */
  createVolume(spec: VolumeSpec): Promise<void>;
  /** Removes a volume that nothing mounts; none of that name is no error. */
  removeVolume(name: string): Promise<void>;
  /** The names of all volumes that have these labels. */
  listVolumes(labels: Record<string, string>): Promise<string[]>;
  /**
   * Sees to it that nothing that a process before this one has begun still acts on containers whose names match. What is
   * about to be made of them may be there afterwards.
   */
  endStrays(names: RegExp): Promise<void>;
  /** The call of those under way that has kept us waiting for the longest time; undefined if none has. */
  readonly slowest: SlowCall | undefined;
  /** Ends what it keeps running for itself, and soon whatever else it is asked. */
  close(): void;
}
