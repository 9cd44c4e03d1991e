import type { ContainerSpec } from '../runtime.js';

/** Variables that the docker client reads itself, so that a job's value must not reach it. */
const readByClient =
  /^(PATH|HOME|USER|TMPDIR|TERM|LANG|SSH_\w*|SSL_CERT_\w*|XDG_\w*|DOCKER_\w*|BUILD(KIT|X)_\w*|OTEL_\w*|LD_\w*|GO[A-Z]*|CONTAINERS?_\w*|(?:https?|ftp|no|all)_proxy)$/i;

/**
 * The arguments of `docker run` for a container, and the environment that the client needs for them. Values of
 * variables travel in the client's environment, where other users cannot read them; those that the client would act
 * upon itself (PATH, HOME, proxies) have to be arguments.
 */
export function runArguments(spec: ContainerSpec): { args: string[]; env: Record<string, string> } {
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
    ...['--memory', memory, '--memory-swap', memory, '--cpus', String(spec.cpus)],
    ...(spec.workingDir ? ['--workdir', spec.workingDir] : []),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    ...variables,
    spec.image,
    ...command,
    ...(spec.args ?? []),
  ];
  return { args, env };
}
