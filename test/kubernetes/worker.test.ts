import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeWorkerImage } from '../../scripts/images.mjs';
import { completionStatus } from '../../src/model/execution.js';
import type { LogEntry } from '../../src/model/log-entry.js';
import { repository, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { lab } from '../support/lab.js';

// A worker in the cluster runs executions that the command line of this machine asks for and follows.

const name = 'localrun-worker';
const volume = mkdtempSync(path.join(os.tmpdir(), 'localrun-worker-'));
const bin = path.join(repository, 'bin', 'localrun.js');

const admin = async (args: readonly string[], input?: string): Promise<string> =>
  (await execa('kubectl', args, { env: { KUBECONFIG: lab.adminConfig }, ...(input ? { input } : { stdin: 'ignore' }) }))
    .stdout;

interface Described {
  metadata: { name: string };
  spec: { nodeName: string };
  status: { containerStatuses?: { ready: boolean; containerID: string }[] };
}

const pods = async (): Promise<Described[]> =>
  (await lab.api('GET', `/api/v1/namespaces/jobs/pods?labelSelector=app.kubernetes.io/name%3D${name}`)).items;

/** The pod of the worker, once another process runs in it than `before`. */
const running = (before?: Described): Promise<Described> =>
  until(async () => {
    const idOf = (pod: Described): string | undefined => pod.status.containerStatuses?.[0]?.containerID;
    return (await pods()).find(
      (pod) => pod.status.containerStatuses?.[0]?.ready && (!before || idOf(pod) !== idOf(before)),
    );
  });

/** What the lab has in place of kube-proxy and of a storage class, and what its user may do. */
const additions = [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'lab' },
      hostPath: { path: volume },
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'caller', namespace: 'jobs' },
    rules: [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'caller', namespace: 'jobs' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'caller' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'localrun' }],
  },
];
const patch = {
  spec: {
    template: {
      spec: {
        hostNetwork: true,
        containers: [
          {
            name: 'worker',
            env: [
              { name: 'KUBERNETES_SERVICE_HOST', value: '10.90.0.1' },
              { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
            ],
          },
        ],
      },
    },
  },
};
const added = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: additions });
let manifest = '';

beforeAll(async () => {
  chmodSync(volume, 0o777);
  await lab.loadImage(makeWorkerImage());
  const flags = ['--image=localrun/worker:latest', '--namespace=jobs', '--storage=1Gi', '--storage-class=lab'];
  manifest = (await execa(process.execPath, [bin, 'worker', 'manifest', ...flags])).stdout;
  await admin(['apply', '-f', '-'], added);
  await admin(['apply', '-f', '-'], manifest);
  await admin(['patch', 'deployment', name, '--namespace=jobs', `--patch=${JSON.stringify(patch)}`]);
  await running();
});

afterAll(async () => {
  await admin(['delete', '--ignore-not-found', '-f', '-'], manifest);
  await admin(['delete', '--ignore-not-found', '-f', '-'], added);
  rmSync(volume, { recursive: true, force: true });
});

function atWorker(home: Home): void {
  home.config(`runtime: { worker: jobs/${name}, imagesOnNodes: true }\nsecrets: { mine: { value: hidden } }`);
}

/** The lines that each attempt has written, by TASK/ATTEMPT. */
async function linesOf(home: Home, execution: string): Promise<Record<string, string[]>> {
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', execution, '--format=json']);
  const found: Record<string, string[]> = {};
  for (const { labels, textPayload, logName } of JSON.parse(stdout) as LogEntry[]) {
    if (!logName.endsWith('stdout')) continue;
    const attempt = `${labels['run.googleapis.com/task_index']}/${labels['run.googleapis.com/task_attempt']}`;
    (found[attempt] ??= []).push(textPayload ?? '');
  }
  return found;
}

const nothingLeft = async (): Promise<void> => {
  const kinds = 'pods,secrets,configmaps';
  expect(await admin(['get', kinds, '--namespace=jobs', '--selector=dev.localrun.home', '-o', 'name'])).toBe('');
};

test('an execution outlives the command, the pod of the worker and its process, and is told exactly once', async ({
  home,
}) => {
  atWorker(home);
  const script =
    'i=0; while [ $i -lt 40 ]; do echo "$CLOUD_RUN_TASK_INDEX line $i"; i=$((i+1)); sleep 0.2; done; [ $CLOUD_RUN_TASK_INDEX/$CLOUD_RUN_TASK_ATTEMPT != 3/0 ]';
  const job = home.script('outlives', script, { taskCount: 10, parallelism: 4, maxRetries: 1 });
  const command = home.start(['jobs', 'run', '-f', path.relative(repository, job)]);
  const id = await command.execution();
  await command.says(' line 3');
  command.kill('SIGKILL');
  await until(() => home.processes().length === 0);

  const first = await running();
  await admin(['delete', 'pod', first.metadata.name, '--namespace=jobs', '--wait=false']);
  const second = await running(first);
  const follower = home.start(['jobs', 'executions', 'logs', 'tail', id]);
  await until(
    () => follower.stdout.includes('1 line 39'),
    () => follower.stdout + follower.stderr,
  );
  const node = Number(second.spec.nodeName.replace('node', ''));
  const container = second.status.containerStatuses?.[0]?.containerID.replace('docker://', '') ?? '';
  await execa('docker', ['--host', lab.dockerHost(node), 'kill', '--signal=KILL', container]);
  await running(second);
  expect((await follower.ended).stderr).toContain('The connection to the worker jobs/localrun-worker broke off');

  const { exitCode, stderr } = await home.run(['jobs', 'executions', 'wait', id]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).not.toContain('command terminated');
  const execution = await home.execution(id);
  expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
  expect(execution).toMatchObject({ succeededCount: 10, retriedCount: 1 });
  const tasks = await home.tasks(id);
  expect(tasks.map(({ index = 0, retried = 0 }) => [index, retried])).toEqual(
    Array.from({ length: 10 }, (_, index) => [index, index === 3 ? 1 : 0]),
  );
  const lines = (task: number): string[] => Array.from({ length: 40 }, (_, i) => `${task} line ${i}`);
  const attempts = Array.from({ length: 10 }, (_, task) => [`${task}/0`, lines(task)] as const);
  expect(await linesOf(home, id)).toEqual({ ...Object.fromEntries(attempts), '3/1': lines(3) });
  const report = await home.run(['jobs', 'executions', 'report', id]);
  expect(report.stdout, report.stderr).toContain('7 line 39');
  await nothingLeft();
});

test('Ctrl-C cancels through the pod, and files of this machine travel or stay as they should', async ({ home }) => {
  atWorker(home);
  const script = `trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.1; done`;
  const command = home.start(['jobs', 'run', '-f', home.script('cancelled', script)]);
  const id = await command.execution();
  await command.says('ready');
  command.killGroup('SIGINT');
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain('Press Ctrl-C again to leave them.');
  expect(stderr).toContain('told');
  expect(stderr).not.toContain('command terminated');
  expect(stdout).toContain('EXECUTION_CANCELLED');
  expect(completionStatus(await home.execution(id))).toBe('EXECUTION_CANCELLED');

  const fails = await home.run(['jobs', 'run', '-f', home.script('fails', 'exit 7', { maxRetries: 0 })]);
  expect(fails).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('EXECUTION_FAILED') as string });
  const valueSource = { secretKeyRef: { secret: 'mine', version: '1' } };
  const secret = home.script('secret', 'true', { env: [{ name: 'S', valueSource }] });
  const refused = await home.run(['jobs', 'run', '-f', secret]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('the secret mine comes from your machine');
  expect(refused.stderr).toContain('kubernetesSecret: NAME/KEY');
  const missing = await home.run(['jobs', 'run', '-f', 'nowhere/job.yaml']);
  expect(missing.stderr).toContain('Cannot read the job spec nowhere/job.yaml: there is no such file.');
  expect(missing.exitCode).toBe(2);
  await nothingLeft();
});
