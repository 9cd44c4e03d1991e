import { expect, test } from 'vitest';
import { type Route, routeOf, variableLine } from '../../../src/model/environment-variables.js';

const route = (name: string): Route => routeOf(name, false);

test.each([
  [
    'MODE',
    'PASSWORD',
    '_private',
    'a1',
    '__proto__',
    'CLOUD_RUN_JOB',
    'GOOGLE_API_KEY',
    'HOMEPAGE',
    'PATHS',
    'ENVIRONMENT',
    'SSH_PRIVATE_KEY',
    'SSH_KEY',
    'SSL_CERT',
    'SSL_SERVER_KEY',
  ],
])('a client has %s and the like in its environment', (...names) => {
  expect(names.filter((name) => route(name) !== 'environment')).toEqual([]);
});

test('it has no name there that some program of this machine may act upon', () => {
  const names = `DOCKER_HOST DOCKER_ BUILDKIT_HOST CONTAINER_HOST CONTAINERS_CONF PODMAN_USERNS BASH_ENV BASHOPTS BASH
    SHELLOPTS PS4 ENV IFS PATH HOME LD_PRELOAD DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_ENV PYTHONPATH PYTHONUNBUFFERED
    PERL5OPT PERLLIB RUBYOPT GODEBUG GOMAXPROCS GO111MODULE GRPC_TRACE SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE SSH_ASKPASS SSH_AUTH_SOCK SSH_SK_PROVIDER HTTP_PROXY
    https_proxy ALL_PROXY no_proxy my_proxy XDG_RUNTIME_DIR TMPDIR TZ LANG LC_ALL docker_host Path
    GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_CONFIG JAVA_TOOL_OPTIONS GIT_SSH_COMMAND LOCALRUN_HOME`.split(/\s+/);
  const odd = [
    'DOCKER_HOST=tcp://127.0.0.1:1/',
    'A=',
    '=A',
    '*',
    'DOCK*',
    'BASH_FUNC_x%%',
    'a.b',
    'a-b',
    '1a',
    'é',
    '',
  ];
  const odder = ['A\n', 'A\nDOCKER_HOST', ' A', 'A ', '#A', '--env', 'A\0', '\uFEFFA'];
  expect([...names, ...odd, ...odder].filter((name) => route(name) === 'environment')).toEqual([]);
});

test.each([
  ['HOME', '# a = b ', 'HOME=# a = b \n'],
  ['*', 'x', '*=x\n'],
  ['A=B C', '', 'A=B C=\n'],
  ['PATH', 'x'.repeat(65_530), `PATH=${'x'.repeat(65_530)}\n`],
  ['PATH', 'x'.repeat(65_531), undefined],
  ['HOME', 'a\nb', undefined],
  ['HOME', 'a\r', undefined],
  ['HOME', 'a\0', undefined],
  ['', 'x', undefined],
  ['=A', 'x', undefined],
  ['#A', 'x', undefined],
  ['A B', 'x', undefined],
  ['é', 'x', undefined],
])('%j with its value is a line of a file, or is not', (name, value, line) => {
  expect(variableLine(name, value)).toBe(line);
});
