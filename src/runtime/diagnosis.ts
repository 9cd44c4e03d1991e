import type { StatusError } from '../model/errors.js';

/** What there is to say of a container engine, and of the client that reaches it. */
export interface EngineReport {
  /** Undefined if the client cannot be run. */
  client: { kind: 'docker' | 'podman'; version: string } | undefined;
  /** Where the client looks for the engine, and what has decided that: a variable, or a context. */
  endpoint: { address: string; source: string } | undefined;
  /** Why there is no engine, if there is none. */
  failure: StatusError | undefined;
  engine: Engine | undefined;
}

export interface Engine {
  version: string;
  /** As the kernel names it: x86_64. */
  architecture: string;
  cgroup: string;
  /** What the engine cannot limit. */
  unlimited: readonly string[];
  warnings: readonly string[];
  /** Where images and containers lie, on the engine's machine. */
  directory: string;
  /** The engine's machine is this one. */
  local: boolean;
  /** Open files that containers may have; `engine`: what the engine grants by itself; undefined if nobody has tried yet. */
  openFiles: number | 'engine' | undefined;
}
