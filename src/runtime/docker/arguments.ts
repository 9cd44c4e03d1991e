import { routeOf, unnameable, variableLine } from '../../model/environment-variables.js';
import { formatPublished, type PublishedPort } from '../../model/local/one-run.js';
import { droppedCapabilities } from '../capabilities.js';
import { StartRefused } from '../port.js';
import type { ContainerSpec, Mount, NetworkSpec, SandboxSpec, ShellSpec, VolumeSpec } from './engine-api.js';

/** The properties of an engine that affect arguments. */
export interface Traits {
  /** The limit of open files that it grants; undefined: its own hard limit, which is below Cloud Run's. */
  nofile: number | undefined;
  podman: boolean;
}

/**
 * With this driver, docker keeps logs byte for byte. The size limit is never reached, because rotated logs cannot be
 * read any more.
 */
const exactLogs = ['local', 'max-size=1t', 'max-file=1', 'compress=false'].join(' --log-opt ').split(' ');

/** Podman stops a container before it removes it, and would otherwise wait ten seconds. */
export const removable = ['--stop-timeout', '0'];

/** What one start of a container depends on besides. */
interface LaunchTraits {
  asRoot: boolean;
  /** The cgroup to put that of the container into; the engine's own choice if unset. */
  cgroup?: string | undefined;
}

interface RunArguments {
  args: string[];
  env: Record<string, string>;
  /** The client's stdin. */
  input?: Buffer;
}

/**
 * The arguments of `docker run` for a container, with the environment and input that the client needs. Values of
 * variables pass through the client's environment, where other users cannot read them. Under a name that a program on
 * this machine may act upon, they are arguments, or lines of an env-file for secrets.
 * @throws StartRefused for a secret that cannot be such a line
 */
export function runArguments(spec: ContainerSpec, traits: Traits & LaunchTraits): RunArguments {
  const variables = variableArguments(spec.env, spec.secrets);
  const labels = labelArguments(spec.labels);
  const [entrypoint, ...command] = spec.command ?? [];
  const memory = String(Math.round(spec.memoryBytes));
  const args = [
    ...['run', '--sig-proxy=false', '--name', spec.name],
    ...labels,
    // The image is there, by its id; a job is PID 1, is stopped by SIGTERM, and answers its spec's probes only,
    // whatever the image says.
    ...['--pull', 'never', '--init=false', '--stop-signal', 'SIGTERM', '--no-healthcheck'],
    ...removable,
    ...['--log-driver', ...(traits.podman ? ['json-file'] : exactLogs), '--security-opt', 'no-new-privileges'],
    ...droppedCapabilities.flatMap((capability) => ['--cap-drop', capability]),
    ...('sandbox' in spec.network
      ? ['--network', `container:${spec.network.sandbox}`]
      : networkArguments(spec.network)),
    ...(traits.nofile === undefined ? [] : ['--ulimit', `nofile=${traits.nofile}:${traits.nofile}`]),
    ...mountArguments(spec.mounts, traits.podman),
    ...['--memory', memory, '--memory-swap', memory, '--cpus', String(spec.cpus)],
    ...(traits.cgroup === undefined ? [] : ['--cgroup-parent', traits.cgroup]),
    ...(spec.processes === undefined ? [] : ['--pids-limit', String(spec.processes || -1)]),
    ...(spec.gpus ? ['--gpus', String(spec.gpus)] : []),
    // Podman would pass on the proxies of its own environment.
    ...(traits.podman ? ['--http-proxy=false'] : []),
    ...(traits.asRoot ? ['--user', '0'] : []),
    ...(spec.workingDir ? ['--workdir', spec.workingDir] : []),
    // Podman would read a program whose name looks like a list as one.
    ...(entrypoint === undefined
      ? []
      : ['--entrypoint', traits.podman && entrypoint ? JSON.stringify([entrypoint]) : entrypoint]),
    ...variables.args,
    spec.image,
    ...command,
    ...(spec.args ?? []),
  ];
  return { ...variables, args };
}

/** The arguments for variables, and what the client needs for them. @throws StartRefused */
function variableArguments(plain: Record<string, string>, secrets: Record<string, string> = {}): RunArguments {
  const env = new Map<string, string>();
  const args: string[] = [];
  let lines = '';
  for (const [values, secret] of [
    [plain, false],
    [secrets, true],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const route = routeOf(name, secret);
      if (route === 'environment') env.set(name, value);
      if (route === 'line') lines += lineOf(name, value);
      else args.push('--env', route === 'argument' ? `${name}=${value}` : name);
    }
  }
  if (lines) args.unshift('--env-file', '/dev/stdin');
  return { args, env: Object.fromEntries(env), ...(lines && { input: Buffer.from(lines) }) };
}

function lineOf(name: string, value: string): string {
  const line = variableLine(name, value);
  if (line === undefined) throw new StartRefused(unnameable(name).message);
  return line;
}

const labelArguments = (labels: Record<string, string>): string[] =>
  Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);

const mountArguments = (mounts: readonly Mount[] = [], podman: boolean): string[] =>
  mounts.flatMap((mount) => {
    const { kind, target, readOnly } = mount;
    // A mount with --mount could not contain programs.
    if (kind === 'tmpfs') {
      const empty = podman ? ',notmpcopyup' : '';
      return ['--tmpfs', `${target}:exec,nosuid,nodev,size=${mount.sizeBytes},mode=${octal(mount)}${empty}`];
    }
    if (kind === 'volume' && podman) {
      return ['--volume', `${mount.source}:${target}:nocopy${readOnly ? ',ro' : ''}`];
    }
    const fields = [`type=${kind}`, `target=${target}`, `source=${mount.source}`];
    if (readOnly) fields.push('readonly');
    // The image's content at that path is hidden, not copied.
    if (kind === 'volume') fields.push('volume-nocopy');
    return ['--mount', csv(fields)];
  });

const octal = ({ mode }: { mode: number }): string => mode.toString(8);

/** A value of `--mount` is a line of CSV. Quotes allow commas and quotes in paths. */
const csv = (fields: readonly string[]): string => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');

/** Bytes, as the kernel counts memory. */
const page = 4096;

/** The arguments of `docker volume create` for a volume in memory. Podman reads `size` as a quota on its disk. */
export function memoryVolumeArguments({ name, labels }: VolumeSpec, sizeBytes: number, podman: boolean): string[] {
  const size = podman ? `nr_blocks=${Math.ceil(sizeBytes / page)}` : `size=${sizeBytes}`;
  return [
    ...['volume', 'create', '--driver', 'local', '--opt', 'type=tmpfs', '--opt', 'device=tmpfs'],
    ...['--opt', `o=${size},mode=0777,nosuid,nodev`, ...labelArguments(labels), name],
  ];
}

/**
 * The arguments of `docker create` for a container that never starts. The engine creates its volume like `/volume` in
 * the image, which every user may write to.
 */
export function diskVolumeArguments({ name, labels }: VolumeSpec, image: string): string[] {
  const volumeLabels = Object.entries(labels).map(([label, value]) => `volume-label=${label}=${value}`);
  return [
    ...['create', '--pull', 'never', '--network', 'none', ...labelArguments(labels)],
    ...['--mount', csv(['type=volume', 'target=/volume', `source=${name}`, ...volumeLabels]), image],
  ];
}

/**
 * The same with podman, which labels volumes that it creates by themselves, and makes them like the image for the first
 * container that starts: this one, which ends at once since nothing listens.
 */
export const podmanVolumeArguments = ({ name, labels }: VolumeSpec, image: string): [string[], string[]] => [
  ['volume', 'create', ...labelArguments(labels), name],
  [
    ...['run', '--rm', '--pull', 'never', '--network', 'none', ...labelArguments(labels)],
    ...['--mount', csv(['type=volume', 'target=/volume', `source=${name}`]), image, 'dial', '1'],
  ],
];

/**
 * The arguments of `docker run` for the holder of a sandbox. Its capabilities are for the routes that it sets and the
 * ports that it serves; the containers that join do not get them. Only a sandbox without a named network is cut off.
 */
export function sandboxArguments(spec: SandboxSpec, image: string, podman: boolean): string[] {
  return [
    ...['run', '--detach', '--name', spec.name, '--pull', 'never', '--init=false', '--log-driver', 'none'],
    ...removable,
    ...labelArguments(spec.labels),
    ...mountArguments(spec.mounts, podman),
    ...['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--cap-add', 'NET_BIND_SERVICE'],
    ...['--security-opt', 'no-new-privileges'],
    ...['--read-only', '--memory', '32m', '--memory-swap', '32m'],
    ...networkArguments(spec),
    ...publishArguments(spec.publish),
    image,
    ...(spec.network === undefined ? ['alone'] : []),
  ];
}

const publishArguments = (ports: readonly PublishedPort[] = []): string[] =>
  ports.flatMap((port) => ['--publish', formatPublished(port)]);

const networkArguments = ({ hosts, network, hostAccess }: NetworkSpec): string[] => [
  ...(network === undefined ? [] : ['--network', network]),
  ...hosts.flatMap((host) => ['--add-host', `${host}:127.0.0.1`]),
  ...(hostAccess ? ['--add-host', 'host.docker.internal:host-gateway'] : []),
];

/** What containers for a shell have in common: they go away when their client does. */
const besides = (name: string, labels: Record<string, string>): string[] => [
  ...['create', '--interactive', '--rm', '--name', name, '--pull', 'never', '--init=false', '--no-healthcheck'],
  ...removable,
  ...labelArguments(labels),
  ...['--log-driver', 'none'],
];

/** The program of a copy, which ends with its stdin. */
export const holder = '/.localrun-shell';

/** A port that nothing else in the copy is likely to use. */
const holderPort = '65535';

/** The arguments of `docker create` for the copy of a container, from an image with its files. */
export const copyArguments = (
  { name, labels, container, network }: Pick<ShellSpec, 'name' | 'labels' | 'container' | 'network'>,
  image: string,
): string[] => [
  ...besides(name, labels),
  ...['--security-opt', 'no-new-privileges'],
  ...droppedCapabilities.flatMap((capability) => ['--cap-drop', capability]),
  ...['--volumes-from', container],
  ...networkArguments(network),
  ...['--entrypoint', holder, image, 'relay', holderPort],
];

/** Variables of a container that would keep a toolbox from finding its own programs. */
const ofItsImage = /^(?:PATH|LD_\w+|HOSTNAME)$/;

/**
 * The arguments of `docker create` for a toolbox beside a container. It may look at the processes of any user there, and so
 * at their files.
 * @param variables of the container, `NAME=VALUE`
 */
export function toolboxArguments(
  { name, labels }: Pick<ShellSpec, 'name' | 'labels'>,
  image: string,
  container: string,
  variables: readonly string[],
): RunArguments {
  const plain: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const variable of variables) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(variable) ?? [];
    if (key === '' || ofItsImage.test(key)) continue;
    // Any may be a secret; what cannot be passed as one is none.
    const isSecret = routeOf(key, true) === 'environment' || variableLine(key, value) !== undefined;
    (isSecret ? secrets : plain)[key] = value;
  }
  const { args, ...given } = variableArguments(plain, secrets);
  return {
    ...given,
    args: [
      ...besides(name, labels),
      ...['--network', `container:${container}`, '--pid', `container:${container}`, '--volumes-from', container],
      ...['--cap-add', 'SYS_PTRACE', '--user', '0', ...args],
      ...['--entrypoint', 'sh', image, '-c', 'echo; cat >/dev/null'],
    ],
  };
}
