import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { openServer, type Server, type ServerOptions } from '../../src/server/server.js';
import type { FakeEngine } from './fake-engine.js';
import { ServiceWorld } from './service.js';

/** An answer to a request: its status, and its JSON. */
export interface Answer<T = unknown> {
  status: number;
  body: T;
}

/** A server on a port of its own, over a service whose executions run on an engine in memory. */
export class ServerWorld {
  readonly world: ServiceWorld;
  readonly server: Server;
  /** The faults that it has reported. */
  readonly faults: unknown[];

  private constructor(world: ServiceWorld, server: Server, faults: unknown[]) {
    this.world = world;
    this.server = server;
    this.faults = faults;
  }

  /** Opens one, which closes with the test. */
  static async open(
    options: { runtime?: FakeEngine; work?: boolean } & Partial<Omit<ServerOptions, 'call'>> = {},
  ): Promise<ServerWorld> {
    const { runtime, work = true, ...more } = options;
    const world = new ServiceWorld({ work, ...(runtime && { runtime }) });
    const faults: unknown[] = [];
    const call = { ...world.call, project: 'p', location: 'us-central1' };
    const report = (error: unknown): void => void faults.push(error);
    const server = await openServer({ host: '127.0.0.1', port: 0, call, report, ...more });
    onTestFinished(() => server.close());
    return new ServerWorld(world, server, faults);
  }

  /** Sends a request; the path is that below `/v2/projects/p/locations/us-central1`, unless it begins with a slash. */
  async ask<T = never>(
    method: string,
    path: string,
    body?: string | object,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const url = path.startsWith('/') ? path : `/v2/projects/p/locations/us-central1/${path}`;
    // Not fetch, which sends no other Host than that of the URL.
    const asked = request(this.server.url + url, { method, headers });
    asked.end(typeof body === 'object' ? JSON.stringify(body) : body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: (await json(response)) as T };
  }

  /** Sends a request as it is given, on a connection of its own: a URL would be tidied. */
  async raw<T = never>(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body: string | Buffer = '',
  ): Promise<Answer<T>> {
    const { port } = this.server;
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    asked.end(body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: (await json(response)) as T };
  }
}
