import { StatusError } from './errors.js';

/** What an instance can find out about itself (container contract, "Container metadata server"). */
export interface Instance {
  project: string;
  projectNumber: string;
  region: string;
  id: string;
  /** An e-mail address. */
  serviceAccount: string;
}

/** Creates tokens from credentials; rejects with a StatusError that says why there are none. */
export interface TokenSource {
  accessToken(): Promise<{ token: string; expiresIn: number }>;
  identityToken(audience: string): Promise<string>;
}

export interface MetadataRequest {
  method: string;
  /** Includes the query. */
  url: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface MetadataResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

type Json = string | number | readonly string[];
/** A value, or a function that creates one on request and that listings leave out. */
type Leaf = Json | ((query: URLSearchParams) => Promise<MetadataResponse>);
interface Directory {
  [name: string]: Leaf | Directory;
}

const isDirectory = (node: Leaf | Directory): node is Directory => typeof node === 'object' && !Array.isArray(node);

/** The metadata server's answer to a request from an instance. */
export async function metadataResponse(
  { method, url, headers }: MetadataRequest,
  instance: Instance,
  tokens: TokenSource,
): Promise<MetadataResponse> {
  const [pathname = '', search] = url.replace(/^https?:\/\/[^/]*/i, '').split('?', 2);
  const query = new URLSearchParams(search);
  // Client libraries detect the metadata server by the headers of this answer.
  if (pathname === '/') return plain(200, 'computeMetadata/\n');
  if (headers['x-forwarded-for'] !== undefined) return refusal(403, 'Requests with X-Forwarded-For are refused.');
  if (String(headers['metadata-flavor']).toLowerCase() !== 'google') {
    return refusal(403, 'Missing required header: Metadata-Flavor: Google');
  }
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, `${method} is not allowed here.`);
  if (query.has('wait_for_change'))
    return refusal(400, 'wait_for_change is not supported: no value ever changes here.');

  let node: Leaf | Directory = { computeMetadata: { v1: tree(instance, tokens) } };
  const steps = pathname.split('/').slice(1);
  const last = steps.at(-1) === '' ? steps.pop() : undefined;
  for (const step of steps) {
    const name = decoded(step);
    const next: Leaf | Directory | undefined = isDirectory(node) && Object.hasOwn(node, name) ? node[name] : undefined;
    if (next === undefined) return refusal(404, `The metadata server has no ${pathname}.`);
    node = next;
  }
  if (isDirectory(node)) {
    return last === undefined ? moved(pathname, query) : listed(node, query);
  }
  if (last !== undefined) return refusal(404, `The metadata server has no ${pathname}.`);
  if (typeof node === 'function') return node(query);
  return query.get('alt') === 'json' ? json(node) : plain(200, text(node));
}

function tree({ project, projectNumber, region, id, serviceAccount }: Instance, tokens: TokenSource): Directory {
  const account: Directory = {
    aliases: ['default'],
    email: serviceAccount,
    identity: (query) => identity(query, tokens),
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    token: () => token(tokens),
  };
  return {
    instance: {
      id,
      region: `projects/${projectNumber}/regions/${region}`,
      'service-accounts': { default: account, [serviceAccount]: account },
      zone: `projects/${projectNumber}/zones/${region}-1`,
    },
    project: { 'numeric-project-id': Number(projectNumber) || projectNumber, 'project-id': project },
  };
}

const token = (tokens: TokenSource): Promise<MetadataResponse> =>
  orWhyNot(async () => {
    const { token: accessToken, expiresIn } = await tokens.accessToken();
    const fields = { access_token: accessToken, expires_in: expiresIn, token_type: 'Bearer' };
    return reply(200, 'application/json', JSON.stringify(fields));
  });

function identity(query: URLSearchParams, tokens: TokenSource): Promise<MetadataResponse> {
  const audience = query.get('audience');
  if (!audience) return Promise.resolve(refusal(400, 'non-empty audience parameter required'));
  return orWhyNot(async () => reply(200, 'text/html', await tokens.identityToken(audience)));
}

async function orWhyNot(answer: () => Promise<MetadataResponse>): Promise<MetadataResponse> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return refusal(404, typeof error.fix === 'string' ? `${error.message}\nTry: ${error.fix}` : error.message);
  }
}

/** A directory: the names in it or, with `recursive=true`, all values in and below it. */
function listed(directory: Directory, query: URLSearchParams): MetadataResponse {
  const asText = query.get('alt') === 'text';
  if (query.get('recursive')?.toLowerCase() === 'true') {
    return asText ? plain(200, lines(directory, '').join('')) : json(values(directory));
  }
  const names = Object.entries(directory).map(([name, node]) => (isDirectory(node) ? `${name}/` : name));
  return query.get('alt') === 'json' ? json(names) : plain(200, text(names));
}

interface Values {
  [name: string]: Json | Values;
}

const values = (directory: Directory): Values =>
  Object.fromEntries(
    Object.entries(directory).flatMap(([name, node]) => {
      if (typeof node === 'function') return [];
      // Keys that are e-mail addresses stay as they are.
      const key = name.includes('@') ? name : name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      return [[key, isDirectory(node) ? values(node) : node]];
    }),
  );

const lines = (directory: Directory, prefix: string): string[] =>
  Object.entries(directory).flatMap(([name, node]) => {
    if (typeof node === 'function') return [];
    if (isDirectory(node)) return lines(node, `${prefix}${name}/`);
    return `${prefix}${name} ${Array.isArray(node) ? node.join(' ') : String(node)}\n`;
  });

/** A list has a line for each item; a single value has no line end. */
const text = (value: Json): string =>
  Array.isArray(value) ? value.map((item: string) => `${item}\n`).join('') : String(value);

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

const reply = (status: number, type: string, body: string): MetadataResponse => ({
  status,
  headers: { 'Metadata-Flavor': 'Google', 'Content-Type': type },
  body,
});

const plain = (status: number, body: string): MetadataResponse => reply(status, 'application/text', body);
const json = (value: Json | Values): MetadataResponse => reply(200, 'application/json', JSON.stringify(value));
const refusal = (status: number, why: string): MetadataResponse => reply(status, 'text/plain', `${why}\n`);

function moved(pathname: string, query: URLSearchParams): MetadataResponse {
  const { headers, ...rest } = refusal(301, `See ${pathname}/`);
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return { ...rest, headers: { ...headers, Location: `${pathname}/${search}` } };
}
