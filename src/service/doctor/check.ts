import { type Remedy, StatusError } from '../../model/errors.js';
import type { EngineReport } from '../../runtime/docker/diagnosis.js';
import type { ClusterReport } from '../../runtime/kubernetes/diagnosis.js';
import type { KubernetesSettings } from '../../model/local/settings.js';
import type { Runtimes } from '../runtimes.js';
import type { Service } from '../service.js';

/** The result of one check. */
export interface Check {
  name: string;
  state: 'ok' | 'warning' | 'problem';
  found: string;
  /** How to repair it. */
  fix?: Remedy | undefined;
  /** The result of the repair. */
  done?: string | undefined;
}

/** A check that can repair what it finds. */
export interface Mendable extends Check {
  mend?: (() => string | Promise<string>) | undefined;
}

/** What the doctor's checks need. */
export interface DoctorDeps {
  /** The state directory. */
  home: string;
  now: () => number;
  alive: Service['alive'];
  /** The cluster that new executions run on; undefined: the container engine of this machine. */
  cluster: KubernetesSettings | undefined;
  diagnose: () => Promise<EngineReport>;
  diagnoseCluster: (cluster: KubernetesSettings) => Promise<ClusterReport>;
  runtime: Runtimes;
  /** Reopens the store. @throws StatusError */
  open: () => Promise<Service>;
}

/** A failure as the result of a check. */
export function problem(name: string, error: unknown): Mendable {
  if (!(error instanceof Error)) throw error;
  return { name, state: 'problem', found: error.message, fix: error instanceof StatusError ? error.fix : undefined };
}

export const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
