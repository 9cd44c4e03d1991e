import { type Remedy, StatusError } from '../../model/errors.js';
import type { EngineReport } from '../../runtime/docker/diagnosis.js';
import type { AttemptRuntime } from '../../runtime/port.js';
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
  diagnose: () => Promise<EngineReport>;
  runtime: AttemptRuntime;
  /** Reopens the store. @throws StatusError */
  open: () => Promise<Service>;
}

/** A failure as the result of a check. */
export function problem(name: string, error: unknown): Mendable {
  if (!(error instanceof Error)) throw error;
  return { name, state: 'problem', found: error.message, fix: error instanceof StatusError ? error.fix : undefined };
}

export const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
