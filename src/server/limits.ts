/** What connections may do, for any protocol. Times are in ms. */
export interface Limits {
  /** How many there are at a time. */
  connections: number;
  /** How long it takes to agree on TLS, to send the first bytes, and to send the headers of a request. */
  headers: number;
  /** How long the body of a request takes after its headers. */
  body: number;
  /** How long a connection stays open without a request. */
  idle: number;
}

export const usualLimits: Limits = { connections: 512, headers: 10_000, body: 30_000, idle: 600_000 };
