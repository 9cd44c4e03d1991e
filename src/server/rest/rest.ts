import { StatusError } from '../../model/errors.js';
import { type Exchange, jsonBytes } from '../exchange.js';
import { fromBody } from '../methods/body.js';
import type { Method } from '../methods/method.js';
import { methods } from '../methods/methods.js';
import { toJson } from '../proto-json.js';
import { matched, type PathTemplate, pathTemplate, requestPath } from './path-template.js';
import { knownAnswer, rememberAnswer } from './known-answers.js';
import { readQuery } from './query.js';

interface Route {
  method: Method;
  template: PathTemplate;
}

const routes = new Map<string, Route[]>();
for (const method of methods) {
  const template = pathTemplate(method.http.path);
  const key = keyOf(method.http.verb, template.segments.length, template.verb);
  routes.set(key, [...(routes.get(key) ?? []), { method, template }]);
}

function keyOf(httpMethod: string, segments: number, verb: string): string {
  return `${httpMethod} ${segments} ${verb}`;
}

/** Answers a request of the v2 API. @param path the path of the method, if it is not that of the request */
export async function answer(exchange: Exchange, path = exchange.path): Promise<void> {
  const { httpMethod, call } = exchange;
  const { url = '' } = exchange.request;
  const known = httpMethod === 'GET' && !exchange.hasBody ? knownAnswer(call, url) : undefined;
  if (known) return exchange.send(200, known);
  const { method, values } = route(httpMethod, path);
  // Conditions of policies may depend on the time.
  const version = method.pure && !call.enforced ? call.changes.version : undefined;
  const request: Record<string, unknown> = {};
  const { enums, pretty, fields } = readQuery(exchange.query, method.request, request);
  const select = fields === undefined ? undefined : await selectionOf(fields, method);
  const { body } = method.http;
  const text = await exchange.text();
  if (body === undefined) requireEmpty(text);
  else Object.assign(request, fromBody(method, text));
  for (const [field, value] of values) setField(request, field, value);
  const response = toJson(method.response, await method.handle(call, request, exchange), enums);
  const bytes = jsonBytes(select ? select(response) : response, pretty);
  if (version !== undefined) rememberAnswer(call, url, version, bytes);
  exchange.send(200, bytes);
}

async function selectionOf(fields: string, { response }: Method): Promise<(answer: object) => object> {
  const { selection } = await import('./field-mask.js');
  return selection(fields, response);
}

function route(httpMethod: string, path: string): { method: Method; values: [field: string, value: string][] } {
  const given = requestPath(path);
  const candidates = (given && routes.get(keyOf(httpMethod, given.segments.length, given.verb))) ?? [];
  for (const { method, template } of candidates) {
    const values = given && matched(template, given);
    if (values) return { method, values };
  }
  throw new StatusError('NOT_FOUND', 'Method not found.');
}

/** Clients may send the body of a request that has none, as long as it says nothing. */
function requireEmpty(text: string): void {
  if (/^\s*(?:\{\s*\})?\s*$/.test(text)) return;
  const description = 'Invalid JSON payload received. This method has no request body.';
  throw new StatusError('INVALID_ARGUMENT', description, { fieldViolations: [{ field: '', description }] });
}

/** Sets a field by its path, which the URL gives: it counts, whatever the body has. */
function setField(request: Record<string, unknown>, path: string, value: string): void {
  const steps = path.split('.');
  const [last = ''] = steps.slice(-1);
  let target = request;
  for (const step of steps.slice(0, -1)) target = (target[step] ??= {}) as Record<string, unknown>;
  target[last] = value;
}
