import { expect, test } from 'vitest';
import { serverAddress } from '../../../src/model/server-address.js';

test.each([
  ['127.0.0.1', false, 'http://127.0.0.1:8080'],
  ['runs.example', true, 'https://runs.example:8080'],
  ['::1', false, 'http://[::1]:8080'],
  // No client can go to these.
  ['0.0.0.0', false, 'http://127.0.0.1:8080'],
  ['::', true, 'https://[::1]:8080'],
])('a server at %s has an address that clients can use', (host, tls, address) => {
  expect(serverAddress({ host, port: 8080, tls })).toBe(address);
});
