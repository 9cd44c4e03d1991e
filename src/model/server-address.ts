/** The address of a server, without a slash at the end. */
export const serverAddress = ({ host, port, tls }: { host: string; port: number; tls: boolean }): string =>
  `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
