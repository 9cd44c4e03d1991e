import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { methods } from '../../src/server/methods/methods.js';
import { jobInput } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

const count = Number(process.env['LOCALRUN_FUZZ'] ?? 500);

const awkward = fc.constantFrom(
  ...['', '-', '.', '..', '%2e%2e', '%2e%2e%2f', '..%2f..%2fetc%2fpasswd', '%00', '%zz', '%', '~', '*', '{name}', ':'],
  ...[
    '__proto__',
    'constructor',
    'a'.repeat(9000),
    '\u00ff',
    'nightly',
    'p',
    'us-central1',
    '123',
    'NIGHTLY',
    '%F0%9F',
  ],
);
const part = (usual: string) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: awkward });

/** The path of a method, with something or other for what it leaves open. */
const known = fc.constantFrom(...methods).chain(({ http }) => {
  const texts = http.path.replaceAll(/\{[\w.]+=|\}/g, '').split('*');
  const usual = ['', 'p', 'us-central1', 'nightly', 'nightly-x7k2p', 'nightly-x7k2p-task0'];
  return fc.tuple(...texts.map((_, i) => part(usual[i] ?? ''))).map((parts) => ({
    method: http.verb as string,
    path: texts.map((text, i) => (i === 0 ? text : `${parts[i]}${text}`)).join(''),
  }));
});
const unknown = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'BREW', ''),
  path: fc.array(part('p'), { maxLength: 12 }).map((parts) => `/${parts.join('/')}`),
});
const target = fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: unknown });

const parameter = fc.tuple(
  fc.constantFrom(
    'jobId',
    'pageSize',
    'page_token',
    'fields',
    '$fields',
    'alt',
    '$alt',
    'validateOnly',
    'prettyPrint',
    'filter',
    'options.requestedPolicyVersion',
    'allowMissing',
    'x',
    '',
    '__proto__',
    'job.name',
  ),
  fc.oneof(
    fc.constantFrom(
      '',
      'true',
      '1',
      '-1',
      'json',
      'json;enum-encoding=int',
      'jobs(name)',
      '*',
      '(',
      'a,b/c',
      'done:true',
      '%',
      'fuzzed',
    ),
    awkward,
  ),
);
const query = fc
  .array(parameter, { maxLength: 4, size: 'xsmall' })
  .map((all) => all.map(([name, value]) => `${name}=${value}`).join('&'));

/** A job's JSON, whole or with some of its characters changed. */
const json = JSON.stringify(jobInput({ taskCount: 2, labels: { a: 'b' } }, { timeout: '60s', maxRetries: 1 }));
const spoiled = fc
  .array(
    fc.tuple(
      fc.nat(json.length),
      fc.constantFrom('', '{', '}', '[', '"', ',', '\\', '1', 'null', '\u0000', 'é', '{"a":'.repeat(200)),
    ),
    { maxLength: 3 },
  )
  .map((changes) => changes.reduce((text, [at, by]) => text.slice(0, at) + by + text.slice(at + 1), json));
const body = fc.oneof(
  fc.constant(''),
  fc.constant('{}'),
  fc.constant(json),
  spoiled,
  fc.json(),
  fc.string({ unit: 'binary' }),
);

const header = fc.constantFrom(
  ...[
    'Origin: null',
    'Origin: http://example.com',
    'Sec-Fetch-Site: cross-site',
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method-Override: \u0001',
  ],
  ...[
    'Expect: 100-continue',
    'Upgrade: h2c',
    'Connection: Upgrade, HTTP2-Settings',
    'Content-Type: text/plain',
    'Content-Encoding: gzip',
    'Authorization: Bearer x',
  ],
  ...[
    'Host: example.com',
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
    ': x',
    'A',
    `A: ${'b'.repeat(20_000)}`,
    'X: \u0000',
  ],
);
const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant([] as string[]) },
  { weight: 2, arbitrary: fc.array(header, { maxLength: 3 }) },
);

const request = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(target, query, headers, body).map(([{ method, path: to }, asked, more, text]) => {
      const bytes = Buffer.from(text);
      const length = bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : [];
      const head = [`${method} ${to}${asked && `?${asked}`} HTTP/1.1`, 'Host: localhost', ...length, ...more].join(
        '\r\n',
      );
      return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes]);
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
);

/** What the server says to some bytes, cut where they are sent in two parts; the client then ends its side, or just goes. */
async function said(port: number, bytes: Buffer, cut: number, gone: boolean): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let got = '';
  socket.setEncoding('latin1').on('data', (text: string) => (got += text));
  socket.on('error', () => {}).on('end', () => socket.end());
  socket.write(bytes.subarray(0, cut));
  await new Promise((resolve) => setImmediate(resolve));
  socket.write(bytes.subarray(cut));
  if (gone) socket.destroy();
  else socket.end();
  if (!socket.closed) await once(socket, 'close');
  return got;
}

test(
  'no request makes the server fail, or touches a file outside of its state',
  { timeout: 60_000 + count * 100 },
  async () => {
    const server = await ServerWorld.open();
    const { home } = server.world;
    await server.ask('POST', 'jobs?jobId=nightly', jobInput());
    const seed = Number(process.env['LOCALRUN_SEED'] ?? randomInt(2 ** 31));
    const statuses = new Map<string, number>();
    const sample = fc.sample(fc.record({ bytes: request, cut: fc.nat(300), gone: fc.integer({ min: 0, max: 20 }) }), {
      numRuns: count,
      seed,
    });
    for (let at = 0; at < sample.length; at += 8) {
      const batch = sample.slice(at, at + 8);
      const answers = await Promise.all(
        batch.map(({ bytes, cut, gone }) => said(server.server.port, bytes, cut, gone === 0)),
      );
      for (const [i, answer] of answers.entries()) {
        const status = /^HTTP\/1\.1 (\d+) /.exec(answer)?.[1] ?? (answer === '' ? 'none' : 'other');
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const sent = `seed ${seed}: ${batch[i]?.bytes.toString('latin1').slice(0, 500)}\n${answer.slice(0, 500)}`;
        if (/^5|other/.test(status)) throw new Error(sent);
      }
      if (server.faults.length > 0) throw new Error(`seed ${seed}`, { cause: server.faults[0] });
    }
    expect(await server.ask('GET', 'jobs/nightly')).toMatchObject({ status: expect.any(Number) as number });
    const known = /^(localrun\.db(-wal|-shm)?|logs|run|workers|home-id)$/;
    expect(readdirSync(home).filter((file) => !known.test(file))).toEqual([]);
    const projects = readdirSync(home, { withFileTypes: true }).some(({ name }) => name === 'logs')
      ? readdirSync(path.join(home, 'logs'))
      : [];
    expect(projects.filter((project) => !/^[a-z0-9][-a-z0-9.:]*$/.test(project))).toEqual([]);
    // Enough of them get through.
    const through = (status: string): number => statuses.get(status) ?? 0;
    expect(Math.min(through('200'), through('400'), through('404'))).toBeGreaterThan(count / 200);
  },
);
