/** By which address this machine reaches a server that listens at all of its addresses. */
const nearest: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The address of a server for its clients on this machine, without a slash at the end. */
export function serverAddress({ host, port, tls }: { host: string; port: number; tls: boolean }): string {
  const name = nearest[host] ?? host;
  return `${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
