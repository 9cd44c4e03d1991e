import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../../model/errors.js';
import { isCompleted } from '../../model/execution.js';
import type { Execution } from '../../model/schema/job.js';
import type { WatchOptions } from '../../service/changes.js';
import { EntryTail } from '../../service/log-entries.js';
import { TaskTail } from '../../service/task-tail.js';
import type { JobView, LogBatch, LogRow, Problem } from '../../page/data.js';
import type { Exchange } from '../exchange.js';
import { headers } from './headers.js';
import { addressOf, executionAt, jobAt, jobOf, newest, overview } from './resources.js';
import { executionView, jobJson, logRow, taskRow } from './rows.js';

/** How often a stream shows that it lives, in ms. */
const heartbeat = 15_000;

/** How often logs are read, in ms: only the store reports its changes. */
const lookInterval = 250;

/** The least time between two steps, in ms; and in how many times the time of a step the next one may come. */
const soonest = 100;
const rest = 4;

/** The newest entries that a stream begins with. */
const backlog = 20_000;

/**
 * Answers with the server-sent events of a view, which src/page/data.ts lists: of an execution, of its logs, of a job, or of a
 * whole project. What is there comes first, then what changes.
 */
export async function answer(exchange: Exchange): Promise<void> {
  const { call, query } = exchange;
  const address = addressOf(call, query);
  const stream = new EventStream(exchange);
  const id = query.get('execution');
  const job = query.get('job');
  if (id !== null) {
    const find = (): Execution => executionAt(call, id, address);
    return query.has('logs') ? stream.run(logSteps(stream, find)) : stream.run(executionSteps(stream, find));
  }
  if (job === null) return stream.run({ step: () => stream.sendNew('overview', overview(call, address)) });
  return stream.run({
    step: () => {
      const found = jobAt(call, job, address);
      return stream.sendNew<JobView>('job', { job: jobJson(found), ...newest(call, found.name) });
    },
  });
}

function executionSteps(stream: EventStream, find: () => Execution): Steps {
  const { call } = stream.exchange;
  const tasks = new TaskTail(call);
  return {
    async step() {
      const execution = find();
      await stream.sendNew('execution', executionView(execution, jobOf(call, execution)));
      for await (const changed of tasks.look(execution)) await stream.send('tasks', changed.map(taskRow));
    },
  };
}

function logSteps(stream: EventStream, find: () => Execution): Steps {
  const { call, query, signal } = stream.exchange;
  const task = query.get('task') ?? undefined;
  if (task !== undefined && !/^\d{1,5}$/.test(task)) {
    throw new StatusError('INVALID_ARGUMENT', `${JSON.stringify(task)} is not the index of a task.`);
  }
  const tail = new EntryTail(call, { task: task === undefined ? undefined : Number(task) });
  let over = false;
  let old: LogRow[] | undefined = [];
  let skipped = 0;
  return {
    every: { atLeastEvery: lookInterval },
    async step() {
      if (over) return;
      do {
        const execution = find();
        const last = isCompleted(execution);
        const rows = tail.look([execution]).map(logRow);
        if (old) {
          const all: LogRow[] = old.concat(rows);
          skipped += Math.max(0, all.length - backlog);
          old = all.slice(-backlog);
        } else if (rows.length > 0) await stream.send<LogBatch>('logs', { entries: rows });
        over = last && !tail.behind;
        if (tail.behind) await new Promise((resolve) => setImmediate(resolve));
      } while (tail.behind && !signal.aborted);
      if (old) await stream.send<LogBatch>('logs', { entries: old, skipped });
      old = undefined;
    },
  };
}

interface Steps {
  every?: WatchOptions;
  /** Sends what is new. */
  step: () => Promise<void>;
}

/** An answer that goes on until the client leaves or the server closes. */
class EventStream {
  readonly exchange: Exchange;
  readonly #sent = new Map<string, string>();

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  async run({ step, every }: Steps): Promise<void> {
    const { call, response, signal } = this.exchange;
    // A server that closes does not wait for the connection after its last answer.
    const type = { 'Content-Type': 'text/event-stream; charset=utf-8', Connection: 'close' };
    response.writeHead(200, { ...headers, ...type });
    await this.#write('retry: 1000\n\n');
    let beat = performance.now();
    try {
      for await (const _ of call.changes.watch({ atLeastEvery: heartbeat, atMostEvery: soonest, ...every, signal })) {
        const begin = performance.now();
        await this.#try(step);
        const now = performance.now();
        if (now - beat >= heartbeat) {
          await this.#write(': \n\n');
          beat = now;
        }
        // A large execution must not take the time of other requests.
        await sleep((now - begin) * rest, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    response.end();
  }

  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step();
      this.#sent.delete('problem');
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // What follows a problem is new again.
      const told = this.#sent.get('problem');
      this.#sent.clear();
      if (told !== undefined) this.#sent.set('problem', told);
      await this.sendNew<Problem>('problem', { message: error.message });
    }
  }

  /** Unless it is what was sent last. */
  async sendNew<T extends object>(event: string, data: T): Promise<void> {
    const text = JSON.stringify(data);
    if (this.#sent.get(event) === text) return;
    this.#sent.set(event, text);
    await this.#write(`event: ${event}\ndata: ${text}\n\n`);
  }

  send<T extends object>(event: string, data: T): Promise<void> {
    return this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #write(text: string): Promise<void> {
    const { response, signal } = this.exchange;
    if (!response.write(text)) await once(response, 'drain', { signal });
  }
}
