import { createHash } from 'node:crypto';
import type { Credentials } from './credentials.js';

/** An image by the parts of its name, as container engines read it. */
export interface ImageName {
  registry: string;
  repository: string;
  /** The tag, or the digest if there is one. */
  version: string;
}

/** What a registry has under a name. */
export interface Manifest {
  digest: string;
  /** `OS/ARCHITECTURE[/VARIANT]` of every image that it stands for; undefined if the registry does not say. */
  platforms: string[] | undefined;
}

/** Why a registry gives no manifest. `missing`: it answers that there is none. */
export type RegistryFault = 'missing' | 'denied' | 'other';

/** A registry gives no manifest. The message is the registry's, on one line. */
export class RegistryError extends Error {
  override name = 'RegistryError';
  readonly fault: RegistryFault;

  constructor(fault: RegistryFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

const hub = 'docker.io';
const hubHost = 'registry-1.docker.io';

export function parseImageName(image: string): ImageName {
  const [, name = image, digest] = /^(.*?)(?:@(.*))?$/.exec(image) ?? [];
  const [, untagged = name, tag] = /^(.*?)(?::([^/:]*))?$/.exec(name) ?? [];
  const [first = '', ...rest] = untagged.split('/');
  const named = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const registry = named && first !== 'index.docker.io' ? first : hub;
  const repository = named ? rest.join('/') : untagged;
  return {
    registry,
    repository: registry === hub && !repository.includes('/') ? `library/${repository}` : repository,
    version: digest ?? tag ?? 'latest',
  };
}

/** How long a registry may take for one answer, in ms. */
const patience = 15_000;

const indexes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const accepted = [
  ...indexes,
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

interface Index {
  manifests?: { platform?: Platform }[];
  config?: { digest?: string };
}

interface Platform {
  os?: string;
  architecture?: string;
  variant?: string;
}

/** The registry of an image, as one user sees it, by its HTTP API (docker's version 2, which OCI's continues). */
export class RegistryClient {
  readonly #name: ImageName;
  readonly #credentials: Credentials | undefined;
  readonly #signal: AbortSignal;
  #base = '';
  /** The value of the Authorization header, once the registry has asked for one. */
  #authorization: string | undefined;

  constructor(name: ImageName, credentials: Credentials | undefined, signal: AbortSignal) {
    this.#name = name;
    this.#credentials = credentials;
    this.#signal = signal;
  }

  /**
   * @param platforms whether to find out the platforms, which Docker Hub counts as a pull
   * @throws RegistryError
   */
  async manifest(platforms: boolean): Promise<Manifest> {
    const { registry, repository, version } = this.#name;
    this.#base = await this.#reach(registry);
    const file = `/v2/${repository}/manifests/${version}`;
    const head = await this.#ask(file, { method: 'HEAD' });
    // An answer to HEAD has no words.
    if (!head.ok) throw await refusal(await this.#ask(file));
    const digest = head.headers.get('docker-content-digest');
    if (digest && !platforms) return { digest, platforms: undefined };
    const body = await this.#ask(digest ? `/v2/${repository}/manifests/${digest}` : file);
    if (!body.ok) {
      if (!digest) throw await refusal(body);
      return { digest, platforms: undefined };
    }
    const bytes = Buffer.from(await body.arrayBuffer());
    const own = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (digest?.startsWith('sha256:') && digest !== own) {
      throw new RegistryError('other', `its manifest ${digest} has the digest ${own}`);
    }
    return { digest: digest ?? own, platforms: await this.#platforms(JSON.parse(bytes.toString()) as Index) };
  }

  async #platforms({ manifests, config }: Index): Promise<string[] | undefined> {
    if (manifests) return manifests.flatMap(({ platform }) => (platform?.os ? [platformName(platform)] : []));
    if (!config?.digest) return undefined;
    const answer = await this.#ask(`/v2/${this.#name.repository}/blobs/${config.digest}`);
    if (!answer.ok) return undefined;
    const platform = (await answer.json()) as Platform;
    return platform.os ? [platformName(platform)] : undefined;
  }

  /** Registries on this machine may speak plain HTTP, as with docker. */
  async #reach(registry: string): Promise<string> {
    const host = registry === hub ? hubHost : registry;
    if (!/^(?:localhost|127\.[\d.]+)(?::\d+)?$/.test(host)) return `https://${host}`;
    const secure = await this.#fetch(`https://${host}/v2/`).catch(() => undefined);
    return secure ? `https://${host}` : `http://${host}`;
  }

  /** Asks, and once more with the credentials that the first answer asks for. */
  async #ask(file: string, { method = 'GET' } = {}): Promise<Response> {
    const ask = (): Promise<Response> =>
      this.#fetch(`${this.#base}${file}`, {
        method,
        headers: { accept: accepted, ...(this.#authorization && { authorization: this.#authorization }) },
      });
    const answer = await ask();
    if (answer.status !== 401 || this.#authorization !== undefined) return answer;
    const authorization = await this.#authorize(answer.headers.get('www-authenticate') ?? '');
    if (authorization === undefined) return answer;
    this.#authorization = authorization;
    return ask();
  }

  /** What a challenge asks for; undefined if we do not have it. */
  async #authorize(challenge: string): Promise<string | undefined> {
    const [, scheme = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(challenge) ?? [];
    if (/^basic$/i.test(scheme)) return this.#basic();
    if (!/^bearer$/i.test(scheme)) return undefined;
    const parameters = new Map([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
    const realm = parameters.get('realm') ?? '';
    if (!URL.canParse(realm) || (this.#base.startsWith('https:') && !realm.startsWith('https:'))) return undefined;
    const service = parameters.get('service');
    const scope = parameters.get('scope') ?? `repository:${this.#name.repository}:pull`;
    const answer = await this.#tokenFrom(realm, { ...(service && { service }), scope });
    if (!answer.ok) throw await refusal(answer);
    const { token, access_token: access = token } = (await answer.json()) as { token?: string; access_token?: string };
    return access && `Bearer ${access}`;
  }

  #tokenFrom(realm: string, wanted: Record<string, string>): Promise<Response> {
    const credentials = this.#credentials;
    if (credentials && 'identityToken' in credentials) {
      const form = { ...wanted, grant_type: 'refresh_token', refresh_token: credentials.identityToken };
      return this.#fetch(realm, { method: 'POST', body: new URLSearchParams({ ...form, client_id: 'localrun' }) });
    }
    const url = new URL(realm);
    for (const [key, value] of Object.entries(wanted)) url.searchParams.set(key, value);
    const basic = this.#basic();
    return this.#fetch(url.href, basic ? { headers: { authorization: basic } } : {});
  }

  #basic(): string | undefined {
    const credentials = this.#credentials;
    if (!credentials || !('username' in credentials)) return undefined;
    return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.any([this.#signal, AbortSignal.timeout(patience)]) });
    } catch (error) {
      this.#signal.throwIfAborted();
      const { message, cause } = error as Error & { cause?: Error };
      const why = (error as Error).name === 'TimeoutError' ? `no answer within ${patience / 1000} s` : message;
      throw new RegistryError('other', `${new URL(url).host} does not answer (${cause?.message || why})`);
    }
  }
}

const platformName = ({ os = '', architecture = '', variant }: Platform): string =>
  [os, architecture, variant].filter(Boolean).join('/');

/** A refusal in the registry's words. */
async function refusal(answer: Response): Promise<RegistryError> {
  const fault = answer.status === 404 ? 'missing' : [401, 403].includes(answer.status) ? 'denied' : 'other';
  const text = await answer.text();
  return new RegistryError(fault, wordsOf(text) || `HTTP status ${answer.status} ${answer.statusText}`.trim());
}

/** The errors in an answer: those of the registry API, or of a token server. */
function wordsOf(text: string): string {
  try {
    const {
      errors = [],
      details,
      error,
    } = JSON.parse(text) as {
      errors?: { code?: string; message?: string }[];
      details?: string;
      error?: string;
    };
    const words = errors.map(({ code = '', message = '' }) => message || code);
    return (words.length > 0 ? words.join('; ') : (details ?? error ?? '')).replace(/\s+/g, ' ').trim();
  } catch {
    return '';
  }
}
