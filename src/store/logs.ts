import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseName, shortName } from '../model/names.js';

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
  readonly #workers: string;

  constructor(home: string) {
    this.#root = path.join(home, 'logs');
    this.#workers = path.join(home, 'workers');
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

  #worker(execution: string): string {
    return path.join(this.#workers, `${shortName(execution)}.log`);
  }

  /** A file for what the background process of an execution has to say, which nobody listens to. */
  openWorker(execution: string): number {
    mkdirSync(this.#workers, { recursive: true, mode: 0o700 });
    return openSync(this.#worker(execution), 'a', 0o600);
  }

  /** Whether anything of the execution was written that is still there. */
  exist(execution: string): boolean {
    return existsSync(this.directory(execution));
  }

  /** The bytes that the logs of an execution take, with that of its worker. */
  size(execution: string): number {
    const worker = statSync(this.#worker(execution), { throwIfNoEntry: false })?.size ?? 0;
    return sizeOf(this.directory(execution)) + worker;
  }

  remove(execution: string): void {
    rmSync(this.directory(execution), { recursive: true, force: true });
    rmSync(this.#worker(execution), { force: true });
  }
}

/** The bytes of the files in a directory, which need not be there. */
function sizeOf(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory)
    .map((file) => statSync(path.join(directory, file), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}
