import { StatusError } from '../../model/errors.js';

/** Why there is no shell in a pod, with the command lines of kubectl that open one. */
export function shellRefused(
  kubectl: readonly string[],
  { pod, container, command }: { pod: string; container: string; command: readonly string[] },
): StatusError {
  const words = (...more: readonly string[]): string => [...kubectl, ...more].map(quoted).join(' ');
  const shell = words('exec', '--stdin', '--tty', pod, `--container=${container}`, '--', ...command);
  const toolbox = words('debug', '--stdin', '--tty', pod, `--target=${container}`, '--image=busybox');
  return new StatusError('UNIMPLEMENTED', `The task runs in the pod ${pod} of a cluster, where kubectl opens shells.`, {
    fix: `${shell}; if the image has no shell: ${toolbox}`,
  });
}

/** A word as a POSIX shell reads it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
