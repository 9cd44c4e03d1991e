import { isIP } from 'node:net';
import path from 'node:path';

/** A port of the job's containers that a port of the container engine's machine leads to, for one run. */
export interface PublishedPort {
  /** The address of that machine. */
  address: string;
  /** Unset: each attempt gets a free port. */
  hostPort?: number | undefined;
  port: number;
  protocol: 'tcp' | 'udp';
}

/** A file or directory of this machine in the main container, for one run. */
export interface LocalMount {
  /** An absolute path. */
  source: string;
  target: string;
  readOnly: boolean;
}

/** Nobody else on the network reaches it. */
const loopback = '127.0.0.1';

/**
 * Reads a port in docker's syntax: `PORT`, `HOSTPORT:PORT`, `IP:HOSTPORT:PORT` or `IP::PORT`, with `/udp` or `/tcp` at the
 * end. Undefined for anything else, such as a range.
 */
export function parsePublished(text: string): PublishedPort | undefined {
  const [, host = '', port = '', protocol = 'tcp'] = /^(|.*:)(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const [whole, address = '', hostPort = ''] = /^(?:(\[.*\]|[\d.]+):)?(\d{0,5}):$/.exec(host) ?? [];
  if (host !== '' && (whole === undefined || `${address}${hostPort}` === '')) return undefined;
  const ip = address.replaceAll(/[[\]]/g, '');
  if (!isPort(port) || (hostPort !== '' && !isPort(hostPort)) || (ip !== '' && !isIP(ip))) return undefined;
  return {
    address: ip || loopback,
    ...(hostPort !== '' && { hostPort: Number(hostPort) }),
    port: Number(port),
    protocol: protocol as PublishedPort['protocol'],
  };
}

const isPort = (digits: string): boolean => Number(digits) >= 1 && Number(digits) <= 65_535;

/** A port of a container as docker writes it: `80`, `53/udp`. */
export const containerPort = ({ port, protocol }: Pick<PublishedPort, 'port' | 'protocol'>): string =>
  protocol === 'tcp' ? String(port) : `${port}/${protocol}`;

/** As `parsePublished` reads it, and docker and podman do. */
export const formatPublished = ({ address, hostPort, ...of }: PublishedPort): string =>
  `${isIP(address) === 6 ? `[${address}]` : address}:${hostPort ?? ''}:${containerPort(of)}`;

/** The shortest text for the same port with a free port in place of a fixed one. */
export const withFreePort = (port: PublishedPort): string =>
  port.address === loopback ? containerPort(port) : formatPublished({ ...port, hostPort: undefined });

/** An address with a port: `127.0.0.1:8080`, `[::1]:8080`. */
export const hostAddress = (address: string, port: number): string =>
  `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;

/** `127.0.0.1:8080 for port 80`, or `a free port of 127.0.0.1 for port 80`. */
export function shownPort({ address, hostPort, ...of }: PublishedPort): string {
  const host = hostPort === undefined ? `a free port of ${address}` : hostAddress(address, hostPort);
  return `${host} for port ${containerPort(of)}`;
}

/**
 * Reads `SRC:DST`, with `:ro` or `:rw` at the end. Undefined unless the target is an absolute path below the root.
 * @param cwd where a relative source starts
 */
export function parseMount(text: string, cwd: string): LocalMount | undefined {
  const [, source, to = '', mode] = /^(.+?):(\/[^:]*)(?::(ro|rw))?$/s.exec(text) ?? [];
  const target = path.posix.resolve('/', to);
  if (source === undefined || target === '/') return undefined;
  return { source: path.resolve(cwd, source), target, readOnly: mode === 'ro' };
}

/** `/home/dev/src at /app, read-only`. */
export const shownMount = ({ source, target, readOnly }: LocalMount): string =>
  `${source} at ${target}${readOnly ? ' (read-only)' : ''}`;
