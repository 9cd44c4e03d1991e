import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { RuntimeAvailability } from '../../src/engine/availability.js';
import { defaultSettings, type LocalSettings } from '../../src/model/local/settings.js';
import {
  type AttemptContainer,
  type AttemptSession,
  type AttemptSpec,
  type ExecutionScope,
  type Handle,
  StartRefused,
} from '../../src/runtime/port.js';
import { noCredentials } from '../support/credentials.js';
import { someExecution, someJob } from '../support/jobs.js';
import { Observer } from './observer.js';
import { type Program, runsPath } from './programs.js';

/** The value of `key`, the only secret. */
export const secretValue = '$(sword) `fish` $HOME $$ \\n';

/** Holds a file for each program that counts its runs. */
export const runsDirectory = (home: string): string => path.join(home, 'runs');

/** An execution of up to twenty tasks in a state directory. */
export function scopeOf(
  home: string,
  suffix: string,
  { settings, ...more }: Partial<Omit<ExecutionScope, 'settings'>> & { settings?: Partial<LocalSettings> } = {},
): ExecutionScope {
  mkdirSync(runsDirectory(home), { recursive: true });
  return {
    home,
    execution: someExecution(someJob({ taskCount: 20, parallelism: 20 }), suffix),
    settings: {
      ...defaultSettings,
      pull: 'never',
      platform: 'any',
      buckets: { runs: runsDirectory(home) },
      ...settings,
    },
    directory: path.join(home, 'run', suffix),
    open: [],
    kept: [],
    resumed: false,
    projectNumber: '123',
    credentials: noCredentials,
    sources: {
      async secret({ secret }) {
        if (secret !== 'key') throw new StartRefused(`the secret ${secret} is not mapped`);
        return Buffer.from(secretValue);
      },
      watchSecret: () => () => {},
      verify: () => {},
    },
    availability: new RuntimeAvailability(() => {}, Date.now),
    cancelled: () => false,
    onFailure: (error) => {
      throw error;
    },
    ...more,
  };
}

/** A container that runs a program. */
export const container = (
  image: string,
  { script }: Program,
  more: Partial<AttemptContainer> = {},
): AttemptContainer => ({
  name: 'main',
  image,
  env: {},
  secrets: {},
  command: ['sh', '-c', script],
  memoryBytes: 64 * 2 ** 20,
  cpus: 1,
  gpus: 0,
  dependsOn: [],
  probe: undefined,
  volumeMounts: [],
  ...more,
});

/** Where runs are counted. */
export interface Counter {
  home: string;
  name: string;
}

/** The same for a program that counts its runs, if there is a counter. */
export const counted = (image: string, program: Program, counter: Counter | undefined): AttemptContainer =>
  container(
    image,
    program,
    counter && {
      env: { NAME: counter.name, RUNS: runsDirectory(counter.home) },
      volumeMounts: [{ name: 'runs', mountPath: runsPath }],
    },
  );

export const attempt = (task: number, ...containers: AttemptContainer[]): AttemptSpec => ({
  task,
  attempt: 0,
  containers,
  main: 0,
  graceSeconds: 1,
  volumes: containers.some(({ volumeMounts }) => volumeMounts.length > 0)
    ? [{ name: 'runs', gcs: { bucket: 'runs' } }]
    : [],
});

/** A started attempt. */
export interface Started {
  handle: Handle;
  observer: Observer;
  ended: ReturnType<AttemptSession['start']>;
}

export function start(session: AttemptSession, spec: AttemptSpec): Started {
  const { handle } = session.place(spec);
  const observer = new Observer();
  return { handle, observer, ended: session.start(handle, spec, observer) };
}
