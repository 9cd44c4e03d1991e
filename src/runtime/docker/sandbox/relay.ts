import { Duplex } from 'node:stream';

/** The longest frame that the program accepts, in bytes. */
const maxFrame = 32_768;

/**
 * The connections that `sandbox relay` passes on, one after the other, in the frames that the head of sandbox.c
 * describes. Ends with `channel`.
 */
export function relayed(channel: Duplex, onConnection: (connection: Duplex) => void): void {
  let received = Buffer.alloc(0);
  let current: Connection | undefined;

  const send = (data: Buffer): void => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(data.length);
    if (!channel.destroyed) channel.write(Buffer.concat([head, data]));
  };
  const accept = (): Connection => {
    const connection: Connection = new Connection(send, () => {
      if (current === connection) current = undefined;
    });
    onConnection(connection);
    return connection;
  };
  channel.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const end = 4 + received.readUInt32LE();
      if (received.length < end) break;
      const data = received.subarray(4, end);
      received = received.subarray(end);
      current ??= accept();
      current.receive(data);
    }
  });
  channel.on('end', () => channel.destroy());
  channel.on('close', () => current?.destroy());
  channel.on('error', () => {});
}

/** One connection; it ends when both sides have finished. */
class Connection extends Duplex {
  readonly #send: (data: Buffer) => void;
  readonly #over: () => void;
  readonly #ended = { here: false, there: false };

  constructor(send: (data: Buffer) => void, over: () => void) {
    super();
    this.#send = send;
    this.#over = over;
    this.on('error', () => {});
  }

  /** Handles a frame. */
  receive(data: Buffer): void {
    if (data.length > 0) {
      if (!this.destroyed) this.push(data);
      return;
    }
    this.#ended.there = true;
    if (!this.destroyed) this.push(null);
    if (this.#ended.here) this.#over();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += maxFrame) this.#send(chunk.subarray(at, at + maxFrame));
    done();
  }

  override _final(done: () => void): void {
    this.#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(error);
  }

  #end(): void {
    if (this.#ended.here) return;
    this.#ended.here = true;
    this.#send(Buffer.alloc(0));
    if (this.#ended.there) this.#over();
  }
}
