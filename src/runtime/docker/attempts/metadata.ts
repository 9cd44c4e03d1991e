import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Instance, metadataResponse, type TokenSource } from '../../../model/metadata-server.js';
import type { Availability } from '../../port.js';
import { sleep } from '../../sleep.js';
import type { EngineApi, Listener } from '../engine-api.js';
import { pace } from './pace.js';

interface Serving {
  listener?: Listener;
}

export interface MetadataHost {
  engine: Pick<EngineApi, 'listen'>;
  availability: Availability;
  /** Lets work continue beside the run. */
  beside: (work: Promise<void>) => void;
  tokens: TokenSource;
  /** The attempt that is in a sandbox at this moment. */
  instance: (sandbox: string) => Instance;
}

/** The metadata servers of an execution: one in each sandbox, on its localhost, which nothing else reaches. */
export class MetadataServers {
  readonly #host: MetadataHost;
  readonly #serving = new Map<string, Serving>();

  constructor(host: MetadataHost) {
    this.#host = host;
  }

  /**
   * Serves a sandbox from the moment that this returns until `close`, or until the sandbox is gone. A server that ends
   * early is replaced.
   */
  async open(sandbox: string): Promise<void> {
    this.close(sandbox);
    const serving: Serving = {};
    this.#serving.set(sandbox, serving);
    const wanted = (): boolean => this.#serving.get(sandbox) === serving;
    const { engine, availability, instance, tokens, beside } = this.#host;
    const server = await serverFor(() => instance(sandbox), tokens);
    const onConnection = (connection: Duplex): void => void server.emit('connection', connection);
    while (wanted()) {
      const listener = await availability.insist(() => engine.listen(sandbox, 80, onConnection));
      if (listener === 'homeless') return;
      if (listener !== 'refused') {
        serving.listener = listener;
        if (!wanted()) listener.close();
        beside(listener.ended.then(() => (wanted() ? this.open(sandbox) : undefined)));
        return;
      }
      // The previous server may not be gone yet.
      await sleep(pace.retry);
    }
  }

  close(sandbox: string): void {
    const serving = this.#serving.get(sandbox);
    this.#serving.delete(sandbox);
    serving?.listener?.close();
  }

  closeAll(): void {
    for (const sandbox of this.#serving.keys()) this.close(sandbox);
  }
}

async function serverFor(instance: () => Instance, tokens: TokenSource): Promise<Server> {
  const { createServer } = await import('node:http');
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers: asked } = request;
    const { status, headers, body } = await metadataResponse({ method, url, headers: asked }, instance(), tokens);
    response
      .writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
      .end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  // A client may half-close the connection before it gets the answer. The option is not in the types, but in every
  // Node.js since 0.1.
  return Object.assign(server, { httpAllowHalfOpen: true });
}
