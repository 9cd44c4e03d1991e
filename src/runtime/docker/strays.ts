/** The variable that says which process a client belongs to, and which state directory that works on. */
const mark = 'LOCALRUN_CLIENT_OF';

/** How long a client gets to finish creating a container, in ms, and then to exit. */
const patience = 5000;
const lastPatience = 2000;
const interval = 200;

/** A process with a variable in its environment. */
export interface Marked {
  pid: number;
  value: string;
  /** Its command line. */
  command: string;
}

/** The other processes of this user. */
export interface Processes {
  marked(variable: string): Marked[];
  /** Sends a signal to a process, together with its group if it leads one; SIGKILL if none is named. */
  end(pid: number, signal?: 'SIGINT' | 'SIGKILL'): void;
}

/** The command of a client that makes something. */
const making = /\s(?:run|create)\s/;

/** Clients that have outlived their process and still act for it. */
export class Strays {
  readonly #processes: Processes;
  readonly #home: string;
  readonly #token: string;

  /** @param token distinguishes this process from all others */
  constructor(processes: Processes, home: string, token: string) {
    this.#processes = processes;
    this.#home = home;
    this.#token = token;
  }

  /** The environment of this process's clients. */
  get environment(): Record<string, string> {
    return { [mark]: `${this.#token} ${this.#home}` };
  }

  /**
   * Ends those that act on what `names` matches. One that is about to make a container may do so, if it does not take
   * long: an engine finishes a request it has begun, and the result is visible then.
   * @param hasStarted whether a container, by its name, has been started
   */
  async end(names: RegExp, hasStarted: (container: string) => Promise<boolean>): Promise<void> {
    for (let waited = 0; ; waited += interval) {
      const strays = this.#processes
        .marked(mark)
        .filter(({ value, command }) => this.#isAnothers(value) && names.test(command));
      if (strays.length === 0 || waited >= patience + lastPatience) return;
      await Promise.all(
        strays.map(async ({ pid, command }) => {
          const [, name] = /\s--name[ =](\S+)/.exec(command) ?? [];
          const isDone = !making.test(command) || (name !== undefined && (await hasStarted(name)));
          if (isDone || waited >= patience) this.#processes.end(pid);
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }

  #isAnothers(value: string): boolean {
    const [token = ''] = value.split(' ', 1);
    return token !== this.#token && value.slice(token.length + 1) === this.#home;
  }
}
