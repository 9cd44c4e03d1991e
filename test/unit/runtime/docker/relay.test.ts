import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { relayed } from '../../../../src/runtime/docker/sandbox/relay.js';

const frame = (data: string | Buffer): Buffer => {
  const body = Buffer.from(data);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
};

/** The relay's side of the channel. */
class Channel extends Duplex {
  sent = Buffer.alloc(0);

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.sent = Buffer.concat([this.sent, chunk]);
    done();
  }

  /** What has come in frames so far, connection by connection; those that were ended, with a dot behind them. */
  get received(): string[] {
    const connections = [''];
    for (let at = 0; at < this.sent.length;) {
      const size = this.sent.readUInt32LE(at);
      const last = connections.length - 1;
      connections[last] += size === 0 ? '.' : this.sent.toString('latin1', at + 4, at + 4 + size);
      if (size === 0) connections.push('');
      at += 4 + size;
    }
    return connections.filter(Boolean);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

test('connections come and go one after the other, however their frames are cut', async () => {
  const channel = new Channel();
  relayed(channel, (connection) => {
    connection.on('data', (data: Buffer) => connection.write(data.toString().toUpperCase()));
    connection.on('end', () => connection.end());
  });
  const all = Buffer.concat([frame('one'), frame(' more'), frame(''), frame('two'), frame('')]);
  for (const byte of all) {
    channel.push(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settled();
  expect(channel.received).toEqual(['ONE MORE.', 'TWO.']);
});

test('a connection that this side has ended is over when the other side has ended it too', async () => {
  const channel = new Channel();
  const ends: string[] = [];
  relayed(channel, (connection) => {
    connection.once('data', (data: Buffer) => {
      ends.push(data.toString());
      connection.destroy();
    });
  });
  channel.push(Buffer.concat([frame('first')]));
  await settled();
  channel.push(Buffer.concat([frame('late'), frame(''), frame('second')]));
  await settled();
  expect(ends).toEqual(['first', 'second']);
  expect(channel.received).toEqual(['.', '.']);
});

test('long answers are cut into frames that the program takes', async () => {
  const channel = new Channel();
  relayed(channel, (connection) => connection.resume().end('x'.repeat(100_000)));
  channel.push(frame('go'));
  await settled();
  expect(channel.sent.readUInt32LE()).toBe(32_768);
  expect(channel.received).toEqual([`${'x'.repeat(100_000)}.`]);
});

test('an HTTP server can serve them', async () => {
  const server = createServer((request, response) => void response.end(`you asked for ${request.url}`));
  const channel = new Channel();
  relayed(channel, (connection) => void server.emit('connection', connection));
  channel.push(frame('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  await settled();
  expect(channel.received.join('')).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nyou asked for \/a\.$/);
});

test('a channel that ends takes its connection with it', async () => {
  const channel = new Channel();
  let closed = 0;
  relayed(channel, (connection) => connection.resume().on('close', () => closed++));
  channel.push(frame('x'));
  await settled();
  channel.push(null);
  await settled();
  expect([closed, channel.destroyed]).toEqual([1, true]);
});
