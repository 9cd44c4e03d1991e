/** Intervals and limits for retries and waits; times in ms. */
export const pace = {
  /** Before a retry. */
  retry: 1000,
  /** How often to read a log again when its container has ended, and the interval if the disk rejects it. */
  logTries: 3,
  unkept: 5000,
  /** How long the client of an ended container may take to notice. */
  lastWords: 10_000,
  /** How long a container that another process created may take to start on a busy machine, and how often to look. */
  foreignStart: 5000,
  foreignPoll: 500,
  /** How often to retry starting a container whose sandbox or name is unavailable. */
  startTries: 3,
} as const;
