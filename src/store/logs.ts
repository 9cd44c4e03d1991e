import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseName } from '../model/names.js';

export type Stream = 'stdout' | 'stderr';

/** Who wrote a log: a container of an attempt. */
export interface LogSource {
  task: number;
  attempt: number;
  /** The label of the container, if it is not the main one. */
  container?: string | undefined;
}

/** Where the logs of attempts are kept, one file a stream, in the form that LogDecoder reads. */
export class LogFiles {
  readonly #root: string;

  constructor(home: string) {
    this.#root = path.join(home, 'logs');
  }

  /** The directory of an execution's logs; `execution` is its full name. */
  directory(execution: string): string {
    const { project, location, execution: id = '' } = parseName(execution);
    return path.join(this.#root, project, location, id);
  }

  file(execution: string, { task, attempt, container }: LogSource, stream: Stream): string {
    const suffix = container === undefined ? '' : `.${container}`;
    return path.join(this.directory(execution), `task${task}-attempt${attempt}${suffix}.${stream}`);
  }

  /**
   * New empty files for a container, in place of those that are there: a client of a process that has died may still
   * write to the old ones.
   */
  create(execution: string, source: LogSource): Record<Stream, number> & { close(): void } {
    mkdirSync(this.directory(execution), { recursive: true, mode: 0o700 });
    const open = (stream: Stream): number => {
      const file = this.file(execution, source, stream);
      rmSync(file, { force: true });
      return openSync(file, 'ax', 0o600);
    };
    const stdout = open('stdout');
    const stderr = open('stderr');
    const close = (): void => {
      closeSync(stdout);
      closeSync(stderr);
    };
    return { stdout, stderr, close };
  }

  /** Whether anything of the execution was written that is still there. */
  exist(execution: string): boolean {
    return existsSync(this.directory(execution));
  }

  /** The bytes that the logs of an execution take. */
  size(execution: string): number {
    return sizeOf(this.directory(execution));
  }

  remove(execution: string): void {
    rmSync(this.directory(execution), { recursive: true, force: true });
  }
}

/** The bytes of the files in a directory, which need not be there. */
function sizeOf(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory)
    .map((file) => statSync(path.join(directory, file), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}
