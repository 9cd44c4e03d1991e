import { rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, so that a test can take the server away and give it back. */
export class EngineProxy {
  readonly #file: string;
  readonly #upstream: NetConnectOpts;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  /** How many there have been. */
  connections = 0;

  /**
   * @param file where it listens, for DOCKER_HOST
   * @param upstream the server; the usual engine if it is not given
   */
  constructor(file: string, upstream?: NetConnectOpts) {
    this.#file = file;
    const engine = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
    this.#upstream = upstream ?? { path: engine };
  }

  get host(): string {
    return `unix://${this.#file}`;
  }

  async open(): Promise<void> {
    await this.#listen((server, done) => server.listen(this.#file, done));
  }

  /** Listens on a port of this machine as well, and says where. */
  async listenOnPort(port = 0): Promise<string> {
    const server = await this.#listen((it, done) => it.listen(port, '127.0.0.1', done));
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async #listen(listen: (server: Server, done: () => void) => void): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      this.connections++;
      const upstream = connect({ ...this.#upstream, allowHalfOpen: true });
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
