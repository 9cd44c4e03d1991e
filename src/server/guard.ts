import { createHash, timingSafeEqual } from 'node:crypto';
import { StatusError } from '../model/errors.js';

/** What a request says about where it comes from, in any protocol. */
export interface Origins {
  /** The Host header, or the `:authority` of HTTP/2. */
  host: string | undefined;
  origin?: string | undefined;
  /** Sec-Fetch-Site, which browsers send. */
  fetchSite?: string | undefined;
  /** The Authorization header. */
  authorization?: string | undefined;
  /** Tokens elsewhere in the request, such as the parameter `access_token`; called only if they count. */
  otherTokens?: () => readonly (string | null | undefined)[];
}

/** A name or address of this machine, with the region in front as gcloud writes it, and any port. */
const loopback = /^(?:[a-z0-9-]+-)?(?:localhost|127(?:\.\d{1,3}){3})(?::\d+)?$|^\[::1\](?::\d+)?$/i;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Keeps web pages and other machines out. A page of another site may make a browser send requests here, under a name of
 * its own for this address if it likes: its requests have a foreign Host, Origin or Sec-Fetch-Site.
 */
export class Guard {
  readonly #token: Buffer | undefined;

  /** @param token what every request must bring; with one, any Host will do */
  constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : digest(token);
  }

  /** @throws StatusError PERMISSION_DENIED, UNAUTHENTICATED */
  check({ host = '', origin, fetchSite, authorization, otherTokens }: Origins): void {
    if (this.#token === undefined && !loopback.test(host)) {
      throw new StatusError('PERMISSION_DENIED', `The host ${JSON.stringify(host)} is not a name of this machine.`);
    }
    if (fetchSite === 'cross-site') {
      throw new StatusError('PERMISSION_DENIED', 'Requests from other web sites are not answered.');
    }
    if (origin !== undefined && origin.replace(/^https?:\/\//i, '').toLowerCase() !== host.toLowerCase()) {
      throw new StatusError(
        'PERMISSION_DENIED',
        `Requests from the origin ${JSON.stringify(origin)} are not answered.`,
      );
    }
    const token = this.#token;
    if (token === undefined) return;
    // One is enough: a browser may still have that of an earlier server.
    const given = [/^Bearer\s+(.*)$/i.exec(authorization ?? '')?.[1], ...(otherTokens?.() ?? [])];
    if (!given.some((one) => typeof one === 'string' && timingSafeEqual(digest(one), token))) {
      throw new StatusError('UNAUTHENTICATED', 'The request has no valid token.');
    }
  }
}
