import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { onPodman } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** Runs one task that has to succeed, and returns what it has written. */
async function output(home: Home, file: string, env: Record<string, string> = {}): Promise<string> {
  const command = home.inline(['jobs', 'run', '-f', file], { env });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  return home.log(await command.execution()).join('\n');
}

/** The environment of PID 1. */
const environ = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\0')
      .filter(Boolean)
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
const printEnvironment = { command: ['cat', '/proc/1/environ'] };

test.concurrent(
  'a task sees the five variables, its image and its own, and nothing of this machine',
  async ({ home }) => {
    const env = [
      { name: 'MODE', value: 'first' },
      { name: 'EMPTY', value: '' },
      { name: 'MODE', value: 'last' },
    ];
    const file = home.spec('plain', { ...printEnvironment, env, taskCount: 2 });
    const command = home.inline(['jobs', 'run', '-f', file], {
      env: { OF_THIS_MACHINE: 'secret', MODE: 'of the shell' },
    });
    expect((await command.ended).exitCode).toBe(0);
    const id = await command.execution();
    const { HOSTNAME, ...seen } = environ(home.log(id, 1).join('\n'));
    expect(HOSTNAME).toMatch(/^[0-9a-f]{12}$/);
    // PATH is the image's, HOSTNAME and HOME the engine's.
    expect(seen).toEqual({
      PATH: '/bin',
      HOME: '/',
      MODE: 'last',
      EMPTY: '',
      CLOUD_RUN_JOB: 'plain',
      CLOUD_RUN_EXECUTION: id,
      CLOUD_RUN_TASK_INDEX: '1',
      CLOUD_RUN_TASK_ATTEMPT: '0',
      CLOUD_RUN_TASK_COUNT: '2',
      ...(onPodman && { TERM: 'xterm', container: 'podman' }),
    });
  },
);

/** What is hard to hand on as it is. */
const values = {
  SPACES: '  two  words ',
  LINES: 'one\ntwo\n',
  TAB: 'a\tb',
  REFERENCE: '$(CLOUD_RUN_JOB) ${HOME} $HOME `id` %PATH%',
  EQUALS: 'a=b==c',
  QUOTES: `"double" 'single' \\ back`,
  UNICODE: 'zażółć 日本 🎉',
  FLAG: '--rm',
  LONG: 'x'.repeat(32_768),
  'dotted.name-x': 'y',
};

/** What would mean something to the programs between localrun and the task. */
const steering = {
  PATH: '/nowhere',
  HOME: '/home/nobody',
  DOCKER_HOST: 'tcp://127.0.0.1:1',
  DOCKER_CONTEXT: 'nonesuch',
  DOCKER_CONFIG: '/nonesuch',
  DOCKER_TLS_VERIFY: '1',
  DOCKER_CERT_PATH: '/nonesuch',
  DOCKER_API_VERSION: '1.0',
  DOCKER_DEFAULT_PLATFORM: 'plan9/mips',
  DOCKER_CONTENT_TRUST: '1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  https_proxy: 'http://127.0.0.1:1',
  NO_PROXY: '*',
  LD_PRELOAD: '/nonesuch.so',
  GODEBUG: 'http2debug=2',
  SSL_CERT_FILE: '/nonesuch',
  TMPDIR: '/nonesuch',
  LOCALRUN_HOME: '/nonesuch',
  HOSTNAME: 'mine',
  BASH_ENV: '/nonesuch',
  'BASH_FUNC_docker%%': '() { false; }',
  NODE_OPTIONS: '--nonesuch',
  GODEBUG_LINES: 'one\ntwo',
  TZ: 'Nowhere',
  ['__proto__']: 'mine, too',
  constructor: 'also',
  '*': 'all',
  '#comment': 'none',
  'two words': 'a b',
  'A\nDOCKER_HOST': 'x',
};

const args = [
  '$HOME',
  '$(id)',
  '*',
  '--rm',
  '-d',
  '',
  ' two  words ',
  '"quoted"',
  'a\nb',
  '--',
  ';ls',
  'żółć',
  '{{.}}',
];

test.concurrent(
  'variables, command and args arrive as they were written, and steer only the task',
  async ({ home }) => {
    const env = Object.entries({ ...values, ...steering }).map(([name, value]) => ({ name, value }));
    // What Cloud Run takes as a name, a container reads as a name and a part of the value.
    env.push({ name: 'DOCKER_HOST=tcp://127.0.0.1:1/', value: 'x' });
    // The variables of the first process, before its shell has had a say, come first.
    const script =
      'for arg; do printf "<%s>" "$arg"; done; echo; echo $$; /bin/grep -E "^(NoNewPrivs|NSpid)" /proc/1/status';
    const command = ['/bin/sh', '-c', `/bin/cat /proc/1/environ; printf '\\0'; ${script}`, 'name'];
    const written = await output(home, home.spec('literal', { command, args, env }));
    const [rest = '', ...variables] = written.split('\0').toReversed();
    const seen = environ(variables.join('\0'));
    expect(seen).toMatchObject({ ...values, ...steering, DOCKER_HOST: 'tcp://127.0.0.1:1/=x' });
    expect(Object.hasOwn(seen, '__proto__')).toBe(true);
    const expected = `${args.map((arg) => `<${arg}>`).join('')}\n1\nNSpid:\t1\nNoNewPrivs:\t1`;
    expect(rest).toBe(expected);
  },
);

test.concurrent('args replace the command of the image, and command drops it', async ({ home }) => {
  const script = home.spec('args-only', { args: ['echo', 'of the args'] });
  expect(await output(home, script)).toBe('of the args');
  // The image's command is `sh`, which would be an argument of echo.
  expect(await output(home, home.spec('command-only', { command: ['echo'] }))).toBe('');
});

test.concurrent('a task has no more processes than localrun.yaml lets it have', async ({ home }) => {
  home.config('processLimit: 12');
  const file = home.script('forks', 'for i in $(seq 20); do sleep 3 & done', { maxRetries: 0 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Local settings: process limit: 12.');
  expect(home.log(await command.execution(), 0, 0, 'stderr').join()).toContain("can't fork");
});

test.concurrent('values are no arguments of a process, where others could read them', async ({ home }) => {
  const env = [{ name: 'PASSWORD', value: 'correct horse' }];
  const command = home.inline(['jobs', 'run', '-f', home.script('secret', 'cat; sleep 1', { env })]);
  const client = await until(() => home.processes().find(({ args }) => args.includes('PASSWORD')));
  expect(client.args.join(' ')).not.toContain('correct horse');
  expect((await command.ended).exitCode).toBe(0);
});

test.concurrent.for([
  [
    'a variable with a NUL byte',
    { env: [{ name: 'KEY', value: 'a\0b' }] },
    'an argument or a variable holds a NUL byte',
  ],
  ['an argument with a NUL byte', { args: ['a\0b'] }, 'an argument or a variable holds a NUL byte'],
  [
    'an argument beyond 128 KiB',
    { args: ['x'.repeat(131_072)] },
    'an argument or a variable, or all together, are too',
  ],
] as const)('%s, which no process can be given, is an attempt that fails', async ([, container, message], { home }) => {
  const { env, args } = { env: undefined, args: undefined, ...container };
  const file = home.spec('not-passable', { command: ['true'], env: env && [...env], args: args && [...args] });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file, '--max-retries', '0']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`task 0 failed to start: ${message}`);
  expect(await home.executions()).toMatchObject([{ failedCount: 1 }]);
});
