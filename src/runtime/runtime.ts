import type { Timestamp } from '../model/time.js';

/** A container to be started. Nothing here is interpreted by a shell, and no value is expanded. */
export interface ContainerSpec {
  /** Unique in the engine, and what makes a start idempotent. */
  name: string;
  /** An image id, as `image` has resolved it. */
  image: string;
  labels: Record<string, string>;
  env: Record<string, string>;
  /** Replaces the image's entrypoint, and drops the image's command. */
  command?: readonly string[] | undefined;
  /** Replaces the image's command. */
  args?: readonly string[] | undefined;
  workingDir?: string | undefined;
  memoryBytes: number;
  cpus: number;
}

export type ContainerState =
  | { status: 'created'; exitCode: number; error: string }
  | { status: 'running'; startedAt: Timestamp }
  | { status: 'exited'; startedAt: Timestamp; finishedAt: Timestamp; exitCode: number; oomKilled: boolean };

export interface Image {
  /** Names exactly this image in the engine. */
  id: string;
  /** `REPOSITORY@DIGEST` where a registry has given it one. */
  digest: string | undefined;
}

/** An image that cannot be had. `missing`: there is none of that name; `denied`: the registry does not hand it out. */
export class ImageUnavailable extends Error {
  override name = 'ImageUnavailable';
  readonly reason: 'missing' | 'denied';

  /** @param detail what the engine says */
  constructor(reason: 'missing' | 'denied', detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The engine refused to make the container at all; the message is the engine's. */
export class StartRefused extends Error {
  override name = 'StartRefused';
}

/**
 * A container engine, as far as running attempts needs one. It knows containers, not jobs. Every method throws a
 * RunError with code UNAVAILABLE while the engine does not answer.
 */
export interface ContainerRuntime {
  /** What the engine has to give: CPUs, and memory in bytes. */
  capacity(): Promise<{ cpus: number; memoryBytes: number }>;
  /** The image in the engine; undefined if it would have to be pulled. */
  localImage(reference: string): Promise<Image | undefined>;
  /** Fetches the image, until `signal` ends that. @throws ImageUnavailable */
  pullImage(reference: string, signal: AbortSignal): Promise<Image>;
  /**
   * Makes and starts the container. `failed`: it was made and could not be started (no such command, say), and `inspect`
   * tells why; `exists`: there is one of that name already, which is left as it is.
   * @throws StartRefused
   */
  start(spec: ContainerSpec): Promise<'started' | 'failed' | 'exists'>;
  /**
   * Copies all that the container has written and writes until it ends, to two file descriptors, each line after an
   * RFC 3339 timestamp and a space (see LogDecoder). False if the log broke off, as when the engine goes away.
   */
  follow(name: string, stdout: number, stderr: number): Promise<boolean>;
  /** The container's state; undefined if there is no such container. */
  inspect(name: string): Promise<ContainerState | undefined>;
  /** SIGTERM, and SIGKILL after `graceSeconds`; returns when the container has ended or is gone. */
  stop(name: string, graceSeconds: number): Promise<void>;
  kill(name: string): Promise<void>;
  /** Removes the container, running or not, with its anonymous volumes; none of that name is no error. */
  remove(name: string): Promise<void>;
  /** The names of all containers, in any state, that have these labels. */
  list(labels: Record<string, string>): Promise<string[]>;
}
