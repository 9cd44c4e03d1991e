import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** A process in a container of a cluster, through kubectl. */
export interface RemoteProcess {
  input: Writable;
  output: Readable;
  /** Once it has ended: the last line of kubectl. */
  ended: Promise<string>;
  /** Closes its input, and ends kubectl. */
  close: () => void;
}

interface Where {
  kubectl: string;
  context: string | undefined;
  /** NAMESPACE/NAME. */
  deployment: string;
  env: Record<string, string | undefined>;
}

/** Runs a command in a pod of a deployment. Ctrl-C does not reach kubectl, which ends with its input. */
export function execInDeployment(
  command: readonly string[],
  { kubectl, context, deployment, env }: Where,
): RemoteProcess {
  const [namespace = '', name = ''] = deployment.split('/');
  const args = [
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...['exec', '--stdin', `--namespace=${namespace}`, `deployment/${name}`, '--', ...command],
  ];
  const child = spawn(kubectl, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(`cannot run ${kubectl}: ${message}`));
    child.once('close', () => resolve(said.trim().split('\n').at(-1) ?? ''));
  });
  return {
    ...{ input: child.stdin, output: child.stdout, ended },
    close() {
      child.stdin.destroy();
      child.kill();
    },
  };
}
