import { execa } from 'execa';
import { type Command, repository, until } from './cli.js';
import type { Home } from './home.js';

/** An answer to a request: its status, and its JSON. */
export interface Answered<T> {
  status: number;
  body: T;
}

/** `localrun serve` as a process on a port of its own. */
export class Served {
  readonly command: Command;
  readonly port: number;
  readonly url: string;
  readonly #home: Home;

  private constructor(home: Home, command: Command, port: number) {
    this.#home = home;
    this.command = command;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(home: Home): Promise<Served> {
    const command = home.start(['serve', '--port', '0', '--ready-fd', '1']);
    const port = await until(
      () => /^(\d+)\n/.exec(command.stdout)?.[1],
      () => command.stderr,
    );
    return new Served(home, command, Number(port));
  }

  /** Ends it, as every test must, whose home would wait for it. */
  async close(): Promise<void> {
    this.command.kill('SIGTERM');
    await this.command.ended;
  }

  /** Sends a request; the path is that below the project and location, unless it begins with a slash. */
  async ask<T>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answered<T>> {
    const below = path.startsWith('/') ? path : `/v2/projects/local-project/locations/us-central1/${path}`;
    const response = await fetch(this.url + below, {
      ...{ method, headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Runs lines of a shell after those that `--print-env` prints for a client, and returns what they print. */
  async shell(client: string, lines: string, env: Record<string, string> = {}): Promise<string> {
    const printed = await this.#home.run(['serve', '--print-env', client, '--port', String(this.port)]);
    if (printed.exitCode !== 0) throw new Error(printed.stderr);
    const { PATH } = process.env;
    const { stdout, all, exitCode } = await execa('sh', ['-euc', printed.stdout + lines], {
      ...{ cwd: repository, env: { PATH, HOME: this.#home.directory, ...env }, extendEnv: false },
      ...{ reject: false, all: true, stdin: 'ignore' },
    });
    if (exitCode !== 0) throw new Error(all);
    return stdout;
  }
}
