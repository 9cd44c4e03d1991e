/** What a container has used from its start to its end. What is unknown is absent. */
export interface ContainerUsage {
  /** The most memory that counted against its limit at one time, with files that the kernel kept in memory. */
  peakMemoryBytes?: number | undefined;
  /**
   * How much of the peak may have been files that the kernel kept in memory, and would have dropped to make room: those
   * that were there at the end.
   */
  cacheBytes?: number | undefined;
  /** The time that its processes ran, summed over all CPUs. */
  cpuSeconds?: number | undefined;
  /** At least so many of its processes were killed by the kernel because the memory limit was reached. */
  oomKills?: number | undefined;
  /** Whether its main process was killed, which ends the container, or only others; absent if that is unknown. */
  oomVictim?: 'main' | 'child' | undefined;
}

/** What an attempt has used. */
export interface UsedAttempt {
  task: number;
  attempt: number;
  usage: AttemptUsage;
}

/** The usage of an attempt's containers by their names (`containerLabel`). A container without any is absent. */
export type AttemptUsage = Readonly<Record<string, ContainerUsage>>;
