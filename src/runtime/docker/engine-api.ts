import type { Duplex } from 'node:stream';
import type { ContainerEngine } from '../../model/runtime-identity.js';
import type { PublishedPort } from '../../model/local/one-run.js';
import type { Timestamp } from '../../model/time.js';
import type { ContainerUsage } from '../../model/usage.js';
import type { Output, Shell, ShellRequest, SlowCall } from '../port.js';

/** A path of the engine's machine, a volume or memory that appears in a container at `target`. */
export type Mount = { target: string; readOnly?: boolean } &
  /** A file or directory, by its path on the engine's machine. */
  (
    | { kind: 'bind'; source: string }
    /** A volume of the engine, by its name. */
    | { kind: 'volume'; source: string }
    /** Memory of this container alone; `mode` holds permission bits. `target` contains no colon. */
    | { kind: 'tmpfs'; sizeBytes: number; mode: number }
  );

/** How a network namespace is connected. */
export interface NetworkSpec {
  /** Names that resolve to 127.0.0.1. */
  hosts: readonly string[];
  /** A network of the engine; the default one if unset. */
  network?: string | undefined;
  /** Makes host.docker.internal resolve to the engine's machine. */
  hostAccess: boolean;
}

/** A network namespace that containers join: they share localhost, which nothing outside reaches. */
export interface SandboxSpec extends NetworkSpec {
  /** Ports of it that ports of the engine's machine lead to. */
  publish?: readonly PublishedPort[] | undefined;
  /** Unique in the engine, which makes opening idempotent. */
  name: string;
  labels: Record<string, string>;
  /** Volumes in memory, which last as long as something mounts them. */
  mounts?: readonly Mount[] | undefined;
}

/** A volume that any user may write to, on the engine's disk or in memory of this size. */
export interface VolumeSpec {
  /** Unique in the engine, which makes creation idempotent. */
  name: string;
  labels: Record<string, string>;
  memoryBytes?: number | undefined;
}

/** A container to start. No shell interprets anything of it, and no value is expanded. */
export interface ContainerSpec {
  /** Unique in the engine, which makes a start idempotent. */
  name: string;
  /** An image id, as `image` resolved it. */
  image: string;
  /** The name of the sandbox to join, or the configuration of a network namespace of its own. */
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
  /** The most processes and threads at once, 0 for no limit; the engine's default if unset. */
  processes?: number | undefined;
  /** The number of GPUs. */
  gpus?: number | undefined;
  mounts?: readonly Mount[] | undefined;
}

/** A shell in a container, or in a copy of it if it has ended. */
export interface ShellSpec extends Pick<ShellRequest, 'command' | 'tty' | 'toolbox' | 'onPull' | 'signal'> {
  container: string;
  /** The name of the container that a copy or a toolbox needs. */
  name: string;
  labels: Record<string, string>;
  /** The network of a copy. */
  network: NetworkSpec;
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

/** Receives a container's output. */
export type ContainerOutput = Pick<Output, 'write' | 'failure' | 'clear'>;

/** A container that runs, with a client attached to it. */
export interface Started {
  startedAt: Timestamp;
  /** Its exit code, once it has ended and all its output is written; undefined if the output was interrupted. */
  ended: Promise<number | undefined>;
  /** Ends the client, which breaks the output off. */
  letGo: () => void;
}

export interface Image {
  /** Identifies exactly this image in the engine. */
  id: string;
  /** `REPOSITORY@DIGEST` if a registry assigned one. */
  digest: string | undefined;
  /** Its platform, such as `linux/amd64`. */
  platform: string;
}

/** Why an image is unavailable. */
export type ImageFault =
  /** No image of that name exists, or the registry does not show it without credentials. */
  | 'missing'
  /** The registry denies access. */
  | 'denied'
  /** The client cannot get the user's credentials. */
  | 'credentials'
  /** The registry does not exist. */
  | 'host'
  /** The registry does not answer. */
  | 'silence'
  /** The engine does not trust the registry. */
  | 'trust'
  /** The registry limits the rate of requests. */
  | 'rate'
  /** It exists only for other platforms. */
  | 'platform'
  /** The engine has no space for it. */
  | 'disk'
  /** The engine does not have it and must not pull it. */
  | 'unpulled'
  /** The engine does not have it, although it was built here. */
  | 'unbuilt'
  | 'other';

/** The engine does not have an image and cannot pull it. */
export class ImageFailure extends Error {
  override name = 'ImageFailure';
  readonly fault: ImageFault;

  /** @param detail the engine's message, on one line */
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
  /** The engine that answers. */
  engine(): Promise<ContainerEngine>;
  /** The resources of the engine. */
  capacity(): Promise<Capacity>;
  /** The networks that a container can join in addition to a network namespace of its own. */
  networks(): Promise<string[]>;
  /** The image in the engine; undefined if it would have to be pulled. */
  localImage(reference: string): Promise<Image | undefined>;
  /** Pulls the image, for a platform if one is given, until `signal` aborts. @throws ImageFailure */
  pullImage(reference: string, platform: string | undefined, signal: AbortSignal): Promise<Image>;
  /**
   * Creates and starts the container; its output goes to `output`. `exists`: a container of that name exists already
   * and is left alone, or one was created and could not be removed. `homeless`: its sandbox is gone, and no container
   * was created. A container that did not start has no output.
   * @throws StartRefused
   */
  start(spec: ContainerSpec, output: ContainerOutput): Promise<Started | 'exists' | 'homeless'>;
  /** Creates the sandbox unless it exists. Link-local addresses are unreachable in it. @throws StartRefused */
  openSandbox(spec: SandboxSpec): Promise<void>;
  /**
   * The addresses of the engine's machine that lead to a sandbox, by its ports: `127.0.0.1:49153` for `80`. None if it is
   * gone.
   */
  ports(sandbox: string): Promise<Record<string, string>>;
  /** Connects to a port of a sandbox's localhost. `homeless`: the sandbox is gone. */
  dial(sandbox: string, port: number): Promise<Duplex | 'refused' | 'homeless'>;
  /** Accepts the connections to a port of a sandbox's localhost, one after the other. `refused`: the port is in use. */
  listen(
    sandbox: string,
    port: number,
    onConnection: (connection: Duplex) => void,
  ): Promise<Listener | 'refused' | 'homeless'>;
  /**
   * Copies everything that the container has written and writes until it ends. False if the log was interrupted, as
   * when the engine goes away.
   */
  follow(name: string, output: ContainerOutput): Promise<boolean>;
  /**
   * The container's state; undefined if it does not exist.
   * @param patient whether the answer may take a while, which costs less
   */
  inspect(name: string, patient?: boolean): Promise<ContainerState | undefined>;
  /** SIGTERM, and SIGKILL after `graceSeconds`; returns when the container has ended or is gone. */
  stop(name: string, graceSeconds: number): Promise<void>;
  kill(name: string): Promise<void>;
  /**
   * What the container has used from its start to its end, which may be long ago, until it is removed. Undefined if it is
   * not known: see Cgroups.
   */
  usage(name: string): ContainerUsage | undefined;
  /** Whether the engine has ever reported that the ended container was out of memory; its state does not always say so. */
  wasOutOfMemory(name: string, ran: { startedAt: Timestamp; finishedAt: Timestamp }): Promise<boolean>;
  /** Removes what `usage` reads, of ended containers whose names begin like this, also if they are gone. */
  forgetUsage(prefix: string): Promise<void>;
  /** The bytes that the container has written to its file system, without volumes; undefined if it does not exist. */
  written(name: string): Promise<number | undefined>;
  /** Sets another memory limit; false if the container already uses more. */
  limitMemory(name: string, bytes: number): Promise<boolean>;
  /**
   * Removes the container, running or not, with its anonymous volumes. It is not an error if it does not exist.
   * @param patient as for `inspect`
   */
  remove(name: string, patient?: boolean): Promise<void>;
  /** Like `remove`, for many containers, with every container in the sandboxes among them. */
  removeAll(names: readonly string[]): Promise<void>;
  /** The names of all containers with these labels, in any state. */
  list(labels: Record<string, string>): Promise<string[]>;
  /** Creates the volume unless it exists. @throws StartRefused */
  createVolume(spec: VolumeSpec): Promise<void>;
  /** Removes a volume that nothing mounts. It is not an error if it does not exist. */
  removeVolume(name: string): Promise<void>;
  /** The names of all volumes with these labels. */
  listVolumes(labels: Record<string, string>): Promise<string[]>;
  /** See AttemptRuntime.openShell. */
  openShell(spec: ShellSpec): Promise<Shell | 'missing' | 'unstarted'>;
  /** The ids of all images with these labels. */
  listImages(labels: Record<string, string>): Promise<string[]>;
  /** It is not an error if it does not exist. */
  removeImage(id: string): Promise<void>;
  /**
   * Makes sure that no client of an earlier process still acts on containers whose names match. A container that was
   * being created may exist afterwards.
   */
  endStrays(names: RegExp): Promise<void>;
  /** The running call that has kept localrun waiting longest; undefined if there is none. */
  readonly slowest: SlowCall | undefined;
  /** Ends its background clients, and soon every other running call. */
  close(): void;
}
