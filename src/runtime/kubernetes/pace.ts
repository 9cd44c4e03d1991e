/** How long the runtime waits for what, in ms unless the name says otherwise. */
export const pace = {
  /** Before a watch that has ended begins again. */
  watchAgain: 200,
  /** How long the server may take to begin a watch, which it does at once. */
  watchBegins: 30_000,
  /** After which the server ends a watch by itself. */
  watchSeconds: 240,
  /** Between two looks at whether an attempt that waits may still start. */
  cancelled: 250,
  /** Between two looks for the reason why an attempt does not start. */
  events: 5000,
  /** Before a pod that exceeds a quota is tried again. */
  quota: 2000,
  /** From the end of a log to that of its container. */
  lastWords: 1500,
  /** Before a log is read again that broke off, or that could not be written. */
  logAgain: 500,
  /** How often to read a log that the cluster cannot return, or that cannot be written. */
  logTries: 20,
  /** How long a node may take to end containers after their grace, before it is suspected to be gone. */
  slowNode: 10_000,
  /** How long the cluster may take to delete the pods of a node that has not answered for longer than they tolerate. */
  slowCluster: 20_000,
  /** How long a node may take that cannot be asked about. */
  unknownNode: 60_000,
  /** Between two looks at a suspected node, and at pods that are going away. */
  node: 3000,
  gone: 250,
};
