import { expect, test } from 'vitest';
import {
  formatPublished,
  parseMount,
  parsePublished,
  shownMount,
  shownPort,
} from '../../../src/model/local/one-run.js';

test.each([
  ['80', '127.0.0.1::80', 'a free port of 127.0.0.1 for port 80'],
  ['8080:80', '127.0.0.1:8080:80', '127.0.0.1:8080 for port 80'],
  ['8080:80/tcp', '127.0.0.1:8080:80', '127.0.0.1:8080 for port 80'],
  ['53/udp', '127.0.0.1::53/udp', 'a free port of 127.0.0.1 for port 53/udp'],
  ['0.0.0.0:8080:80', '0.0.0.0:8080:80', '0.0.0.0:8080 for port 80'],
  ['192.0.2.1::80', '192.0.2.1::80', 'a free port of 192.0.2.1 for port 80'],
  ['[::1]:8080:80/udp', '[::1]:8080:80/udp', '[::1]:8080 for port 80/udp'],
])('--publish %s is read as docker reads it, but for the address', (text, formatted, shown) => {
  const port = parsePublished(text);
  expect(port).toBeDefined();
  if (!port) return;
  expect(formatPublished(port)).toBe(formatted);
  expect(parsePublished(formatted)).toEqual(port);
  expect(shownPort(port)).toBe(shown);
});

test.each(
  [
    '',
    'x',
    '0',
    '65536',
    '8080:',
    ':80',
    '::80',
    '80-90',
    '80-90:80-90',
    '127.0.0.1:80',
    '1.2.3:8080:80',
    '::1:8080:80',
  ].concat([
    '999.0.0.1:8080:80',
    '[::x]:8080:80',
    '80:70000',
    '0:80',
    '80/sctp',
    '80 ',
    'localhost:8080:80',
    '1:2:3:4',
  ]),
)('--publish %j is none', (text) => {
  expect(parsePublished(text)).toBeUndefined();
});

test.each([
  ['src:/app', '/work/src at /app'],
  ['.:/app:ro', '/work at /app (read-only)'],
  ['/a b/c:/d/../e/:rw', '/a b/c at /e'],
  ['../x:y:/z', '/x:y at /z'],
])('--mount %s is relative to the working directory', (text, shown) => {
  const mount = parseMount(text, '/work');
  expect(mount && shownMount(mount)).toBe(shown);
});

test.each(['', 'src', '/src', ':/app', 'src:app', 'src:/', 'src:/..', 'src:/app:rx', '/app:ro'])(
  '--mount %j is none',
  (text) => {
    expect(parseMount(text, '/work')).toBeUndefined();
  },
);
