import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';

export const isRegistryThere = spawnSync('docker-registry', ['--version']).status === 0;

export const user = { name: 'anna', password: 'secret' };
/** What it takes instead of a password. */
export const identityToken = 'identity-of-anna';
/** bcrypt of the password. */
const hash = '$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW';

/** How the registry finds out who asks. `token`: by a server that gives tokens, as Docker Hub and Google do. */
export type Authentication = 'none' | 'basic' | 'token';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const listType = 'application/vnd.docker.distribution.manifest.list.v2+json';

const digestOf = (bytes: string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Debian's registry (docker-registry), the server of the distribution project, on this machine and in memory. */
export class DockerRegistry {
  /** Its host and port. */
  readonly address: string;
  /** What the token server was asked for. */
  readonly asked: string[] = [];
  readonly #process: ChildProcess;
  readonly #tokens: Server | undefined;
  readonly #directory: string;

  static async open(authentication: Authentication): Promise<DockerRegistry> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-registry-'));
    const tokens = authentication === 'token' ? createServer() : undefined;
    if (tokens) await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
    const certificate = path.join(directory, 'certificate.pem');
    const key = path.join(directory, 'key.pem');
    if (tokens) {
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=tokens', '-days', '2'];
      execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    }
    const passwords = path.join(directory, 'passwords');
    writeFileSync(passwords, `${user.name}:${hash}\n`);
    const realm = `http://127.0.0.1:${(tokens?.address() as AddressInfo | undefined)?.port}/token`;
    const auth = {
      none: {},
      basic: { auth: { htpasswd: { realm: 'test', path: passwords } } },
      token: { auth: { token: { realm, service: 'registry', issuer: 'tokens', rootcertbundle: certificate } } },
    };
    const file = path.join(directory, 'config.yml');
    const http = { addr: '127.0.0.1:0' };
    const storage = { inmemory: {}, delete: { enabled: true } };
    writeFileSync(file, stringify({ version: '0.1', storage, http, ...auth[authentication] }));
    const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (data: Buffer) => {
        said += data.toString();
        const [, found] = /listening on (127\.0\.0\.1:\d+)/.exec(said) ?? [];
        if (found) resolve(found);
      });
      child.once('exit', () => reject(new Error(said)));
    });
    const registry = new DockerRegistry(address, directory, child, tokens);
    if (tokens) registry.#serveTokens(tokens);
    return registry;
  }

  private constructor(address: string, directory: string, child: ChildProcess, tokens: Server | undefined) {
    this.address = address;
    this.#directory = directory;
    this.#process = child;
    this.#tokens = tokens;
  }

  /** Pushes an image for a platform, or a list of images for several, and returns its digest. */
  async push(
    repository: string,
    tag: string,
    ...platforms: readonly (readonly [os: string, arch: string])[]
  ): Promise<string> {
    const images: { digest: string; size: number; platform: object }[] = [];
    for (const [os, architecture] of platforms) {
      const config = JSON.stringify({ os, architecture, rootfs: { type: 'layers', diff_ids: [] } });
      await this.#upload(repository, config);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: {
          mediaType: 'application/vnd.docker.container.image.v1+json',
          size: config.length,
          digest: digestOf(config),
        },
        layers: [],
      });
      const digest = digestOf(manifest);
      await this.#put(repository, platforms.length > 1 ? digest : tag, manifestType, manifest);
      images.push({ digest, size: manifest.length, platform: { os, architecture } });
    }
    const [first] = images;
    if (images.length === 1 && first) return first.digest;
    const manifests = images.map((image) => ({ mediaType: manifestType, ...image }));
    const list = JSON.stringify({ schemaVersion: 2, mediaType: listType, manifests });
    await this.#put(repository, tag, listType, list);
    return digestOf(list);
  }

  close(): void {
    this.#process.kill('SIGKILL');
    this.#tokens?.close();
    this.#tokens?.closeAllConnections();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #upload(repository: string, blob: string): Promise<void> {
    const url = `http://${this.address}/v2/${repository}/blobs/uploads/`;
    const begun = await fetch(url, { method: 'POST', headers: this.#authorization(repository) });
    const location = new URL(begun.headers.get('location') ?? '', url);
    location.searchParams.set('digest', digestOf(blob));
    const headers = { ...this.#authorization(repository), 'content-type': 'application/octet-stream' };
    await must(fetch(location, { method: 'PUT', body: blob, headers }));
  }

  async #put(repository: string, reference: string, type: string, body: string): Promise<void> {
    const headers = { ...this.#authorization(repository), 'content-type': type };
    await must(
      fetch(`http://${this.address}/v2/${repository}/manifests/${reference}`, { method: 'PUT', body, headers }),
    );
  }

  #authorization(repository: string): Record<string, string> {
    const basic = Buffer.from(`${user.name}:${user.password}`).toString('base64');
    if (!this.#tokens) return { authorization: `Basic ${basic}` };
    return { authorization: `Bearer ${this.#token(user.name, repository, ['pull', 'push'])}` };
  }

  #serveTokens(tokens: Server): void {
    tokens.on('request', (request, response) => {
      void (async () => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const given = new URLSearchParams(
          request.method === 'POST' ? body : new URL(request.url ?? '', 'http://x').searchParams,
        );
        const basic = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
        const known = given.get('refresh_token') === identityToken || request.headers.authorization === basic;
        this.asked.push(
          `${request.method} ${given.get('service')} ${given.get('scope')} ${known ? 'known' : 'unknown'}`,
        );
        const [, repository = '', actions = ''] = (given.get('scope') ?? '').split(':');
        const token = this.#token(known ? user.name : '', repository, known ? actions.split(',') : []);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(request.method === 'POST' ? { access_token: token } : { token }));
      })();
    });
  }

  /** A token as the distribution project describes it (docs/spec/auth/jwt.md). */
  #token(subject: string, repository: string, actions: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000);
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const certificate = this.#file('certificate.pem').replace(/-----[^-]+-----|\s/g, '');
    const head = encode({ typ: 'JWT', alg: 'RS256', x5c: [certificate] });
    const access = actions.length > 0 ? [{ type: 'repository', name: repository, actions }] : [];
    const times = { iat: now, nbf: now - 10, exp: now + 600 };
    const claims = encode({ iss: 'tokens', sub: subject, aud: 'registry', jti: String(now), access, ...times });
    const key = createPrivateKey(this.#file('key.pem'));
    const signature = sign('RSA-SHA256', Buffer.from(`${head}.${claims}`), key).toString('base64url');
    return `${head}.${claims}.${signature}`;
  }

  #file(name: string): string {
    return readFileSync(path.join(this.#directory, name), 'utf8');
  }
}

async function must(request: Promise<Response>): Promise<void> {
  const answer = await request;
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
