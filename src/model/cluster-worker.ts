/** A worker in a cluster, as its objects describe it. */
export interface ClusterWorker {
  namespace: string;
  image: string;
  /** The size of its volume, as a Kubernetes quantity. */
  storage: string;
  /** Undefined: the default of the cluster. */
  storageClass: string | undefined;
}
