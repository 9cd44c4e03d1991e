import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between the docker client and its engine, so that a test can take the engine away and give it back. */
export class EngineProxy {
  readonly #file: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  /** @param file where it listens, for DOCKER_HOST */
  constructor(file: string) {
    this.#file = file;
  }

  get host(): string {
    return `unix://${this.#file}`;
  }

  async open(): Promise<void> {
    const engine = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ path: engine, allowHalfOpen: true });
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => {}).on('close', () => (this.#sockets.delete(from), to.destroy()));
        from.pipe(to);
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#file, resolve));
  }

  /** Breaks off what is under way; nothing is answered any more. */
  cut(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.#file, { force: true });
  }
}
