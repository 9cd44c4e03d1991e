import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Home } from './home.js';

/** A directory of docker's client's own with a context `other` that leads to an endpoint, `used` or not. */
export function contexts(home: Home, endpoint: string, used: boolean): string {
  const directory = home.scratch('docker-config');
  // As `docker context create` names it: the SHA-256 of `other`.
  const meta = path.join(
    directory,
    'contexts',
    'meta',
    'd9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa',
  );
  mkdirSync(meta, { recursive: true });
  const context = { Name: 'other', Metadata: {}, Endpoints: { docker: { Host: endpoint, SkipTLSVerify: false } } };
  writeFileSync(path.join(meta, 'meta.json'), JSON.stringify(context));
  useContext(directory, used ? 'other' : undefined);
  return directory;
}

/** What `docker context use` does; undefined: the default context. */
export const useContext = (directory: string, name: string | undefined): void =>
  writeFileSync(
    path.join(directory, 'config.json'),
    JSON.stringify(name === undefined ? {} : { currentContext: name }),
  );
