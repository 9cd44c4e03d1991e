import { rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between the docker client and its engine, so that a test can take the engine away and give it back. */
export class EngineProxy {
  readonly #file: string;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  /** How many there have been. */
  connections = 0;

  /** @param file where it listens, for DOCKER_HOST */
  constructor(file: string) {
    this.#file = file;
  }

  get host(): string {
    return `unix://${this.#file}`;
  }

  async open(): Promise<void> {
    await this.#listen((server, done) => server.listen(this.#file, done));
  }

  /** Listens on a port of this machine as well, and says where. */
  async listenOnPort(): Promise<string> {
    const server = await this.#listen((it, done) => it.listen(0, '127.0.0.1', done));
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #listen(listen: (server: Server, done: () => void) => void): Promise<Server> {
    const engine = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.connections++;
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
    this.#servers.push(server);
    await new Promise<void>((resolve) => listen(server, resolve));
    return server;
  }

  /** Breaks off what is under way; nothing is answered any more. */
  cut(): void {
    for (const server of this.#servers.splice(0)) server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.#file, { force: true });
  }
}
