import type { Operation } from '../../src/model/schema/operation.js';
import { type Command, until } from './cli.js';
import type { Home } from './home.js';

/** `localrun serve` as a process of its own, and requests to it. */
export class ServerProcess {
  readonly command: Command;
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;

  private constructor(command: Command, port: number) {
    this.command = command;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(home: Pick<Home, 'start'>, ...flags: readonly string[]): Promise<ServerProcess> {
    const command = home.start(['serve', '--port', '0', '--ready-fd', '1', ...flags]);
    const port = await until(
      () => /^(\d+)\n/.exec(command.stdout)?.[1],
      () => command.stderr,
    );
    await command.says(`Serving the Cloud Run Admin API on http://127.0.0.1:${port}\n`);
    return new ServerProcess(command, Number(port));
  }

  /** Ends it, as every test must, whose home would wait for it. */
  async close(): Promise<void> {
    this.command.kill('SIGTERM');
    await this.command.ended;
  }

  /** Sends a request; the path is below that of the project and region, unless it begins with `projects/`. */
  async ask<T>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: T }> {
    const name = path.startsWith('projects/') ? path : `projects/local-project/locations/us-central1/${path}`;
    const options = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.url}/v2/${name}`, options);
    return { status: response.status, body: (await response.json()) as T };
  }

  /** The body of a request that succeeds. */
  async ok<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.ask<T>(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /** Runs a job, and returns the names of the operation and the execution. */
  async runJob(job: string): Promise<{ operation: string; execution: string; id: string }> {
    const { name = '', metadata } = await this.ok<Operation>('POST', `jobs/${job}:run`);
    const execution = String(metadata?.['name']);
    return { operation: name, execution, id: execution.slice(execution.lastIndexOf('/') + 1) };
  }

  /** Polls an operation until it has ended. */
  async ended(operation: string): Promise<Operation> {
    let state = '';
    return until(
      async () => {
        const polled = await this.ok<Operation>('GET', operation);
        state = JSON.stringify(polled);
        return polled.done && polled;
      },
      () => state,
      () => state,
    );
  }
}
