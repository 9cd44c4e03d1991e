import { type Remedy, StatusError } from '../../model/errors.js';
import type { EngineReport } from '../../runtime/docker/diagnosis.js';
import type { AttemptRuntime } from '../../runtime/port.js';
import type { Service } from '../service.js';

/** What a look at one thing has found. */
export interface Check {
  name: string;
  state: 'ok' | 'warning' | 'problem';
  found: string;
  /** How to mend it. */
  fix?: Remedy | undefined;
  /** What was done about it. */
  done?: string | undefined;
}

/** A check whose finding can be mended here. */
export interface Mendable extends Check {
  mend?: (() => string | Promise<string>) | undefined;
}

/** What the doctor looks at, and with. */
export interface DoctorDeps {
  /** The state directory. */
  home: string;
  now: () => number;
  alive: Service['alive'];
  diagnose: () => Promise<EngineReport>;
  runtime: AttemptRuntime;
  /** Opens the store anew. @throws StatusError */
  open: () => Promise<Service>;
}

/** A failure as a finding. */
export function problem(name: string, error: unknown): Mendable {
  if (!(error instanceof Error)) throw error;
  return { name, state: 'problem', found: error.message, fix: error instanceof StatusError ? error.fix : undefined };
}

export const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
