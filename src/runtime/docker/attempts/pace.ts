/** How often and for how long work on containers waits; times in ms. */
export const pace = {
  /** Before something is tried again that did not work out. */
  retry: 1000,
  /** How often a log is read again when its container has ended, and the time between if the disk does not take it. */
  logTries: 3,
  unkept: 5000,
  /** How long the client of a container that was ended may take to notice. */
  lastWords: 10_000,
  /** How long a container that another process made may take to start. */
  foreignStart: 2000,
  /** How often a container is tried to be started whose sandbox or name is not to be had. */
  startTries: 3,
} as const;
