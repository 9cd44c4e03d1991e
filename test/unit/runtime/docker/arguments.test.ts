import { expect, test } from 'vitest';
import {
  diskVolumeArguments,
  memoryVolumeArguments,
  podmanVolumeArguments,
  runArguments,
  sandboxArguments,
  toolboxArguments,
} from '../../../../src/runtime/docker/arguments.js';
import type { ContainerSpec } from '../../../../src/runtime/docker/engine-api.js';
import { StartRefused } from '../../../../src/runtime/port.js';

const spec = (more: Partial<ContainerSpec>): ContainerSpec => ({
  name: 'c',
  image: 'sha256:1',
  network: { sandbox: 's' },
  labels: {},
  env: {},
  memoryBytes: 1,
  cpus: 1,
  ...more,
});
const run = (more: Partial<ContainerSpec>, podman = false): ReturnType<typeof runArguments> =>
  runArguments(spec(more), { nofile: undefined, asRoot: false, podman });
/** The values of an option. */
const values = (args: readonly string[], option: string): string[] =>
  args.flatMap((arg, i) => (args[i - 1] === option ? [arg] : []));

test('secrets are no arguments, whatever their variables are called', () => {
  const secrets = { PASSWORD: 'alpha', HTTPS_PROXY: 'beta#=', PATH: ' gamma ', DOCKER_HOST: 'delta', LANG: '' };
  const { args, env, input } = run({ env: { MODE: 'x', HOME: '/h' }, secrets });
  expect(args.join(' ')).not.toMatch(/alpha|beta|gamma|delta/);
  expect(values(args, '--env')).toEqual(['MODE', 'HOME=/h', 'PASSWORD']);
  expect(values(args, '--env-file')).toEqual(['/dev/stdin']);
  expect(env).toEqual({ MODE: 'x', PASSWORD: 'alpha' });
  expect(input?.toString()).toBe('HTTPS_PROXY=beta#=\nPATH= gamma \nDOCKER_HOST=delta\nLANG=\n');
});

test('a container gets as many GPUs as it asks for, and none unasked', () => {
  expect(values(run({ gpus: 1 }).args, '--gpus')).toEqual(['1']);
  expect(run({ gpus: 0 }).args).not.toContain('--gpus');
});

test.each([
  [4096, ['4096']],
  [0, ['-1']],
  [undefined, []],
])('a container with a limit of %s processes', (processes, limit) => {
  expect(values(run({ processes }).args, '--pids-limit')).toEqual(limit);
});

test('nothing is read where no secret needs it', () => {
  const { args, input } = run({ secrets: { PASSWORD: 'one\ntwo' } });
  expect(args).not.toContain('--env-file');
  expect(input).toBeUndefined();
});

test.each(['a\nb', 'a\r'])('%j cannot be the value of a secret called HOME', (value) => {
  expect(() => run({ secrets: { HOME: value } })).toThrow(StartRefused);
});

test('mounts are lines of CSV', () => {
  const { args } = run({
    mounts: [
      { kind: 'bind', source: '/a, "b":\nc', target: '/x,"y"', readOnly: true },
      { kind: 'volume', source: 'v', target: '/v' },
      { kind: 'tmpfs', target: '/t,u', sizeBytes: 5, mode: 0o777 },
    ],
  });
  expect(values(args, '--mount')).toEqual([
    '"type=bind","target=/x,""y""","source=/a, ""b"":\nc","readonly"',
    '"type=volume","target=/v","source=v","volume-nocopy"',
  ]);
  expect(values(args, '--tmpfs')).toEqual(['/t,u:exec,nosuid,nodev,size=5,mode=777']);
});

test('volumes are labelled', () => {
  const volume = { name: 'v', labels: { 'dev.localrun.home': 'h' } };
  expect(memoryVolumeArguments(volume, 9, false).slice(-5)).toEqual([
    '--opt',
    'o=size=9,mode=0777,nosuid,nodev',
    '--label',
    'dev.localrun.home=h',
    'v',
  ]);
  expect(values(diskVolumeArguments(volume, 'image'), '--mount')).toEqual([
    '"type=volume","target=/volume","source=v","volume-label=dev.localrun.home=h"',
  ]);
});

test('podman gets a program as a list, so that it does not take its name for one', () => {
  const command = ['["echo","x"]', 'y'];
  expect(values(run({ command }).args, '--entrypoint')).toEqual(['["echo","x"]']);
  expect(values(run({ command }, true).args, '--entrypoint')).toEqual([String.raw`["[\"echo\",\"x\"]"]`]);
});

test('podman mounts in its own words, and keeps its proxies to itself', () => {
  const mounts = [
    { kind: 'volume', source: 'v', target: '/v', readOnly: true },
    { kind: 'tmpfs', target: '/t', sizeBytes: 5, mode: 0o777 },
  ] as const;
  const { args } = run({ mounts }, true);
  expect(values(args, '--volume')).toEqual(['v:/v:nocopy,ro']);
  expect(values(args, '--tmpfs')).toEqual(['/t:exec,nosuid,nodev,size=5,mode=777,notmpcopyup']);
  expect(args).toContain('--http-proxy=false');
});

test('podman counts a volume in memory in pages, and labels one on disk before a container fills it', () => {
  const volume = { name: 'v', labels: { 'dev.localrun.home': 'h' } };
  expect(values(memoryVolumeArguments(volume, 4097, true), '--opt').at(-1)).toBe(
    'o=nr_blocks=2,mode=0777,nosuid,nodev',
  );
  const [create, fill] = podmanVolumeArguments(volume, 'image');
  expect(create).toEqual(['volume', 'create', '--label', 'dev.localrun.home=h', 'v']);
  expect(values(fill, '--mount')).toEqual(['"type=volume","target=/volume","source=v"']);
});

test.each(['CONTAINERS_CONF', 'STORAGE_DRIVER', 'NOTIFY_SOCKET', 'REGISTRY_AUTH_FILE'])(
  'the variable %s of a job is not for podman itself',
  (name) => {
    const { args, env } = run({ env: { [name]: 'x' } }, true);
    expect(values(args, '--env')).toEqual([`${name}=x`]);
    expect(env).toEqual({});
  },
);

test('the ports of a run are those of its sandbox', () => {
  const publish = [
    { address: '127.0.0.1', hostPort: 8080, port: 80, protocol: 'tcp' },
    { address: '::1', port: 53, protocol: 'udp' },
  ] as const;
  const args = sandboxArguments({ name: 's', labels: {}, hosts: [], hostAccess: false, publish }, 'image', false);
  expect(values(args, '--publish')).toEqual(['127.0.0.1:8080:80', '[::1]::53/udp']);
  expect(args.slice(-2)).toEqual(['image', 'alone']);
});

test('a toolbox has the variables of its container, of which none shows on the command line', () => {
  const variables = [
    'PASSWORD=alpha',
    'HTTPS_PROXY=beta=',
    'PATH=/app',
    'LD_PRELOAD=/x.so',
    'EMPTY=',
    'odd.name=one\ntwo',
  ];
  const { args, env, input } = toolboxArguments({ name: 't', labels: { l: 'v' } }, 'image', 'c', variables);
  expect(values(args, '--env')).toEqual(['odd.name=one\ntwo', 'PASSWORD', 'EMPTY']);
  expect(env).toEqual({ PASSWORD: 'alpha', EMPTY: '' });
  expect(input?.toString()).toBe('HTTPS_PROXY=beta=\n');
  for (const option of ['--network', '--pid']) expect(values(args, option)).toEqual(['container:c']);
  expect(values(args, '--volumes-from')).toEqual(['c']);
  expect(args).toContain('--rm');
});
