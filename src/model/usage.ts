/** What a container has used from its start to its end. What is unknown is absent. */
export interface ContainerUsage {
  /**
   * The most memory that counted against its limit at one time, without the page cache: allocations, files in memory,
   * and what the kernel holds for its processes.
   */
  peakMemoryBytes?: number | undefined;
  /** Files that the kernel kept in memory at its end; it frees such memory when the container needs more. */
  cacheBytes?: number | undefined;
  /** The time that its processes ran, summed over all CPUs. */
  cpuSeconds?: number | undefined;
  /** How many of its processes the kernel killed because the memory limit was reached. */
  oomKills?: number | undefined;
}

/** The usage of an attempt's containers by their names (`containerLabel`). A container without any is absent. */
export type AttemptUsage = Readonly<Record<string, ContainerUsage>>;
