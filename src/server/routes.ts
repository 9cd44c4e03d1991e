import type { Exchange } from './exchange.js';

/** Answers a request, or throws an error that the envelope of errors then has. */
export type Answer = (exchange: Exchange) => Promise<void> | void;

interface Route {
  /** The beginning of the path. */
  at: string;
  /** The module is loaded by the first request for it. */
  load: () => Promise<Answer>;
}

/** What answers which paths; the first that fits does. */
export const routes: readonly Route[] = [
  { at: '/v2/entries:list', load: async () => (await import('./logging/logging.js')).answer },
  { at: '/v2/', load: async () => (await import('./rest/rest.js')).answer },
  ...['/apis/run.googleapis.com/v1/', '/v1/'].map((at) => ({
    at,
    load: async () => (await import('./v1/v1.js')).answer,
  })),
  // The rest: it knows its paths.
  { at: '/', load: async () => (await import('./page/page.js')).answer },
];
