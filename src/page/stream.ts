import { useEffect, useState } from 'preact/hooks';
import type { Problem } from './data.js';

export type Connection = 'connecting' | 'live' | 'lost';

/** What takes the events of a stream; `begin` is called before the first, also after an interruption. */
export interface Receiver {
  begin: () => void;
  events: Readonly<Record<string, (data: never) => void>>;
}

/** How long until the next attempt after the server has refused one, in ms. */
const patience = 2000;

/**
 * Follows a stream of the server while the page is visible: a browser has few connections to a server, and hidden pages
 * must not take them all.
 * @param make called once for each address
 */
export function useStream(url: string, make: () => Receiver): { connection: Connection; problem: string | undefined } {
  const [connection, setConnection] = useState<Connection>('connecting');
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    setConnection('connecting');
    setProblem(undefined);
    const { begin, events } = make();
    const close = (): void => {
      source?.close();
      source = undefined;
      window.clearTimeout(timer);
    };
    const open = (): void => {
      close();
      source = new EventSource(url);
      source.addEventListener('open', () => {
        begin();
        setConnection('live');
      });
      source.addEventListener('error', () => {
        setConnection('lost');
        if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(open, patience);
      });
      source.addEventListener('problem', ({ data }: MessageEvent<string>) =>
        setProblem((JSON.parse(data) as Problem).message),
      );
      for (const [event, take] of Object.entries(events)) {
        source.addEventListener(event, ({ data }: MessageEvent<string>) => {
          setProblem(undefined);
          take(JSON.parse(data) as never);
        });
      }
    };
    const look = (): void => (document.hidden ? close() : open());
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      close();
    };
  }, [url]);
  return { connection, problem };
}
