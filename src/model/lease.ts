/** The process that runs an execution. The token tells two terms of the same process apart. */
export interface Owner {
  token: string;
  pid: number;
  /** When the process started, in a form that differs from any other process's with that pid. */
  processStart: string;
}

/** The right of one process to run an execution, for as long as the process is alive. */
export interface Lease extends Owner {
  /** The last sign of life, ms since 1970. */
  heartbeat: number;
}
