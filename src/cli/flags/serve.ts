import { type Client, clients } from '../command/server-environment.js';
import { flag } from './flag.js';
import { integerFlag } from './parsers.js';

/** The flags of `serve`. */
export interface ServeFlags {
  host?: string;
  port?: number;
  token?: string;
  readyFd?: number;
  tlsCert?: string;
  tlsKey?: string;
  /** `true`: of all clients. */
  printEnv?: Client | true;
}

export const serveFlags = [
  flag(
    '--host <address>',
    'the address to listen on; default: 127.0.0.1. Others than this machine can reach need --token',
  ),
  flag('--port <port>', 'the port; 0: any that is free; default: 8080', { parse: integerFlag('--port', 0) }),
  flag('--token <token>', 'answer only requests that bring this token, as `Authorization: Bearer TOKEN`'),
  flag('--ready-fd <n>', 'write the port as a line to this file descriptor once requests are answered', {
    parse: integerFlag('--ready-fd', 0),
  }),
  flag('--tls-cert <file>', 'serve over TLS with this certificate, in PEM'),
  flag('--tls-key <file>', 'the key of the certificate, in PEM'),
  flag('--print-env [client]', 'print the variables by which clients find the server, for a shell, and do not serve', {
    choices: clients,
  }),
];
