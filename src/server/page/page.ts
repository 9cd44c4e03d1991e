import { StatusError } from '../../model/errors.js';
import type { YamlVersion } from '../../page/data.js';
import { type Exchange, tokenCookie } from '../exchange.js';
import { asset, pageDocument } from './assets.js';
import { answer as events } from './events.js';
import { headers } from './headers.js';
import { addressOf, executionAt, executionYaml, jobAt, jobYaml } from './resources.js';

const html = pageDocument(`<title>localrun</title>
<link rel="icon" href="/_localrun/icon.svg">
<link rel="stylesheet" href="/_localrun/page.css">
<script type="module" src="/_localrun/page.js"></script>`);

/** `/`, `/jobs/ID`, `/executions/ID`, and both with the project and the region before the id. */
const pagePath = /^\/(?:(?:jobs|executions)\/(?:[\w.:-]{1,100}\/[\w-]{1,100}\/)?[\w-]{1,100})?$/;

const types = { 'page.js': 'text/javascript', 'page.css': 'text/css', 'icon.svg': 'image/svg+xml' } as const;

/** What the page consists of, by path. Changes go through the API: the page is a client of it. */
export function answer(exchange: Exchange): Promise<void> | void {
  const { path, httpMethod } = exchange;
  const reading = httpMethod === 'GET' || httpMethod === 'HEAD';
  if (reading && pagePath.test(path)) return answerPage(exchange);
  const part = /^\/_localrun\/(.*)$/.exec(path)?.[1] ?? '';
  if (reading && Object.hasOwn(types, part)) {
    return send(exchange, types[part as keyof typeof types], asset(part));
  }
  if (httpMethod === 'GET' && part === 'events') return events(exchange);
  if (reading && part === 'yaml') return answerYaml(exchange);
  throw new StatusError('NOT_FOUND', 'Method not found.');
}

/** A browser gets the token into a cookie, out of the address, which is shown and kept. */
function answerPage(exchange: Exchange): void {
  const { path, query, response, call } = exchange;
  const token = query.get('access_token');
  if (token === null) return send(exchange, 'text/html', html);
  query.delete('access_token');
  const location = query.size > 0 ? `${path}?${query.toString()}` : path;
  const secure = call.address.startsWith('https:') ? '; Secure' : '';
  const value = Buffer.from(token).toString('base64url');
  const cookie = `${tokenCookie(call)}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}`;
  response.writeHead(303, { ...headers, Location: location, 'Set-Cookie': cookie });
  response.end();
}

function answerYaml(exchange: Exchange): void {
  const { call, query } = exchange;
  const address = addressOf(call, query);
  const version: YamlVersion = query.get('version') === 'v1' ? 'v1' : 'v2';
  const execution = query.get('execution');
  const text =
    execution === null
      ? jobYaml(jobAt(call, query.get('job') ?? '', address), version)
      : executionYaml(executionAt(call, execution, address), version);
  send(exchange, 'text/plain', text);
}

function send({ response, httpMethod }: Exchange, type: string, text: string): void {
  const bytes = Buffer.from(text);
  response.writeHead(200, { ...headers, 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': bytes.length });
  response.end(httpMethod === 'HEAD' ? undefined : bytes);
}
