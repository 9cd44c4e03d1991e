import type { ContainerSpec, Mount, NetworkSpec, SandboxSpec } from '../runtime.js';

/** What an engine is like, as far as arguments depend on it. */
export interface Traits {
  /** The limit of open files that it grants; undefined: its own hard limit, which is lower than Cloud Run's. */
  nofile: number | undefined;
}

/** Variables that the docker client reads itself, so that a job's value must not reach it. */
const readByClient =
  /^(PATH|HOME|USER|TMPDIR|TERM|LANG|SSH_\w*|SSL_CERT_\w*|XDG_\w*|DOCKER_\w*|BUILD(KIT|X)_\w*|OTEL_\w*|LD_\w*|GO[A-Z]*|CONTAINERS?_\w*|(?:https?|ftp|no|all)_proxy)$/i;

/** Of those that engines grant by default, what no program on Cloud Run can do: make devices, give files privileges. */
const droppedCapabilities = ['MKNOD', 'AUDIT_WRITE', 'SETFCAP'];

/**
 * The arguments of `docker run` for a container, and the environment that the client needs for them. Values of
 * variables travel in the client's environment, where other users cannot read them; those that the client would act
 * upon itself (PATH, HOME, proxies) have to be arguments.
 */
export function runArguments(spec: ContainerSpec, traits: Traits): { args: string[]; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const variables = Object.entries(spec.env).flatMap(([name, value]) => {
    if (readByClient.test(name)) return ['--env', `${name}=${value}`];
    env[name] = value;
    return ['--env', name];
  });
  const labels = Object.entries(spec.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const [entrypoint, ...command] = spec.command ?? [];
  const memory = String(Math.round(spec.memoryBytes));
  const args = [
    ...['run', '--detach', '--name', spec.name],
    ...labels,
    // The image is there, by its id; a job is PID 1 and is told to stop by SIGTERM whatever the image says.
    ...['--pull', 'never', '--init=false', '--stop-signal', 'SIGTERM'],
    ...['--log-driver', 'json-file', '--security-opt', 'no-new-privileges'],
    ...droppedCapabilities.flatMap((capability) => ['--cap-drop', capability]),
    ...('sandbox' in spec.network
      ? ['--network', `container:${spec.network.sandbox}`]
      : networkArguments(spec.network)),
    ...(traits.nofile === undefined ? [] : ['--ulimit', `nofile=${traits.nofile}:${traits.nofile}`]),
    ...(spec.mounts ?? []).flatMap((mount) => ['--mount', mountArgument(mount)]),
    ...['--memory', memory, '--memory-swap', memory, '--cpus', String(spec.cpus)],
    ...(spec.gpus ? ['--gpus', String(spec.gpus)] : []),
    ...(spec.workingDir ? ['--workdir', spec.workingDir] : []),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    ...variables,
    spec.image,
    ...command,
    ...(spec.args ?? []),
  ];
  return { args, env };
}

/** A value of `--mount`, which is a line of CSV: quoted, so that paths may hold commas and quotes. */
function mountArgument(mount: Mount): string {
  const fields = [`type=${mount.kind}`, `target=${mount.target}`, ...(mount.readOnly ? ['readonly'] : [])];
  if (mount.kind === 'tmpfs') fields.push(`tmpfs-size=${mount.sizeBytes}`, `tmpfs-mode=${mount.mode.toString(8)}`);
  else fields.push(`source=${mount.source}`);
  return fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
}

/**
 * The arguments of `docker run` for the holder of a sandbox. Its capabilities are for the routes that it sets and the
 * ports that it serves; the containers that join do not get them. Who names a network wants to reach what is in it.
 */
export function sandboxArguments(spec: SandboxSpec, image: string): string[] {
  return [
    ...['run', '--detach', '--name', spec.name, '--pull', 'never', '--init=false', '--log-driver', 'none'],
    ...Object.entries(spec.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--cap-add', 'NET_BIND_SERVICE'],
    ...['--security-opt', 'no-new-privileges'],
    ...['--read-only', '--memory', '32m', '--memory-swap', '32m'],
    ...networkArguments(spec),
    image,
    ...(spec.network === undefined ? ['alone'] : []),
  ];
}

const networkArguments = ({ hosts, network, hostAccess }: NetworkSpec): string[] => [
  ...(network === undefined ? [] : ['--network', network]),
  ...hosts.flatMap((host) => ['--add-host', `${host}:127.0.0.1`]),
  ...(hostAccess ? ['--add-host', 'host.docker.internal:host-gateway'] : []),
];
