import type { ContainerState as KubeletState, ContainerStatus, Pod, Toleration } from 'kubernetes-types/core/v1.js';
import type { EndedContainer } from '../../model/attempt.js';
import { epochMs, type Timestamp, toTimestamp } from '../../model/time.js';

/** An attempt as its pod shows it. */
export interface PodState {
  /** The node that it was given to. */
  node: string | undefined;
  /** In the order of the names. */
  containers: ContainerState[];
  /** Why no container runs yet, in the cluster's words, unless that is normal. */
  waiting: string | undefined;
  /** A container that can never start, and why. */
  refused: { container: number; ended: Extract<EndedContainer, { status: 'created' }> } | undefined;
  /** No container starts any more, and those that still run are about to end. */
  over: boolean;
  /** Why it is over, if that is neither the end of a container nor a stop of ours. */
  failure: string | undefined;
  /** Somebody has asked for its deletion: when, and until when its node was to confirm it, in ms since 1970. */
  deletion: { requested: number; due: number; why: string } | undefined;
  /** Its containers run, as far as is known, and the cluster does not count on them: its node may be gone. */
  doubtful: boolean;
  /** How long the cluster is to leave the pod on a node that does not answer, in ms. */
  toleranceMs: number;
}

export type ContainerState =
  | { status: 'waiting' }
  | { status: 'running'; startedAt: Timestamp }
  | Extract<EndedContainer, { status: 'created' | 'exited' }>;

/** The reason of a pod whose `activeDeadlineSeconds` are over, by which localrun stops attempts. */
export const stoppedReason = 'DeadlineExceeded';

/** @param names of the attempt's containers in the pod */
export function stateOf(pod: Pod, names: readonly string[]): PodState {
  const { metadata = {}, spec, status = {} } = pod;
  const { containerStatuses = [], initContainerStatuses = [], conditions = [], phase } = status;
  const statuses = [...containerStatuses, ...initContainerStatuses];
  const found = names.map((name) => statuses.find((one) => one.name === name));
  const over = phase === 'Failed' || phase === 'Succeeded';
  const containers = found.map(containerState);
  const isRun = containers.some((one) => one.status !== 'waiting');
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  const unplaced = scheduled?.status === 'False' ? scheduled.message : undefined;
  const stuck = found.flatMap((one) => imageTrouble(one?.state) ?? []);
  const hasEnd = containers.some((one) => one.status === 'exited' || one.status === 'created');
  // A pod whose containers ended by themselves has no reason of its own.
  const failed = over && (status.reason === undefined ? !hasEnd : status.reason !== stoppedReason);
  const deletion = deletionOf(metadata, conditions);
  const unready = conditions.some(({ type, status: state }) => type === 'Ready' && state === 'False');
  const cause = status.reason === undefined ? deletion?.why : undefined;
  return {
    node: spec?.nodeName,
    containers,
    waiting: isRun || over ? undefined : oneLine(unplaced ?? stuck[0]),
    refused: refusal(found),
    over,
    failure: failed ? (cause ?? reasonOf(status.reason, status.message)) : undefined,
    deletion,
    doubtful: isRun && !over && unready,
    toleranceMs: toleranceMs(spec?.tolerations),
  };
}

/** The taint of a node that does not answer, which has its pods deleted. */
const unreachable = 'node.kubernetes.io/unreachable';

function toleranceMs(tolerations: readonly Toleration[] = []): number {
  const matching = tolerations.filter(
    ({ key = unreachable, effect = 'NoExecute' }) => key === unreachable && effect === 'NoExecute',
  );
  if (matching.length === 0) return 0;
  return Math.min(...matching.map(({ tolerationSeconds = Infinity }) => tolerationSeconds)) * 1000;
}

function containerState(status: ContainerStatus | undefined): ContainerState {
  // A kubelet starts a sidecar again that has ended. It says of a container that could not be started that it waits
  // (RunContainerError), for a moment although the pod has failed, and has the end as the state before (1.20).
  const isOver = status && (status.restartCount > 0 || status.state?.waiting !== undefined);
  const last = isOver ? status.lastState : undefined;
  const { running, terminated } = last?.terminated ? last : (status?.state ?? {});
  if (running) return { status: 'running', startedAt: toTimestamp(running.startedAt ?? '') };
  if (!terminated) return { status: 'waiting' };
  const { exitCode, reason, message = '', startedAt, finishedAt } = terminated;
  if (reason !== undefined && unstartable.has(reason)) {
    return { status: 'created', exitCode: startCode(exitCode, message), error: startError(message) };
  }
  // The kubelet no longer knows the container, and makes up an exit code.
  if (reason === 'ContainerStatusUnknown' || !startedAt || !finishedAt) return { status: 'waiting' };
  return {
    status: 'exited',
    startedAt: toTimestamp(startedAt),
    finishedAt: toTimestamp(finishedAt),
    exitCode,
    oomKilled: reason === 'OOMKilled',
  };
}

/** The reasons of containers that could not be started: with docker, and with containerd and CRI-O. */
const unstartable: ReadonlySet<string> = new Set(['ContainerCannotRun', 'StartError']);

/** containerd reports 128 in every case. */
function startCode(exitCode: number, message: string): number {
  if (exitCode === 126 || exitCode === 127) return exitCode;
  if (/permission denied|is a directory/.test(message)) return 126;
  return /no such file or directory|not found in \$PATH/.test(message) ? 127 : 0;
}

/** The container runtime's message, without the names of the programs that pass it on. */
const startError = (message: string): string =>
  message
    .replace(/^.*(?:unable to start container process|starting container process caused): /s, '')
    .replace(/: unknown$/, '')
    .trim();

/** Reasons of a waiting container that no waiting helps with. */
const hopeless: ReadonlySet<string> = new Set([
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
]);

/** What a node says that cannot do it now, and tries again. */
const busy = /deadline exceeded|timed? ?out|already in use|try again|temporarily/i;

/** What registries and container runtimes say of images that do not exist, or that they do not give. */
const refusedImage =
  /not found|manifest unknown|unauthorized|denied|no basic auth|does not exist|no matching manifest/i;

function refusal(statuses: readonly (ContainerStatus | undefined)[]): PodState['refused'] {
  for (const [container, status] of statuses.entries()) {
    const { reason = '', message = '' } = status?.state?.waiting ?? {};
    const image = reason === 'ImagePullBackOff' || reason === 'ErrImagePull';
    if ((hopeless.has(reason) && !busy.test(message)) || (image && refusedImage.test(message))) {
      const error = startError(message) || reason;
      return { container, ended: { status: 'created', exitCode: startCode(0, message), error } };
    }
  }
  return undefined;
}

/** Why the image of a container is not there yet, unless the kubelet only says that it waits before it tries again. */
function imageTrouble({ waiting }: KubeletState = {}): string | undefined {
  const { reason = '', message = '' } = waiting ?? {};
  if (!imageReasons.has(reason) || message.startsWith('Back-off')) return undefined;
  return reasonOf(reason, message.replace(/^rpc error: code = \w+ desc = /, ''));
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'ImageInspectError',
]);

function deletionOf(
  { deletionTimestamp, deletionGracePeriodSeconds = 0 }: NonNullable<Pod['metadata']>,
  conditions: readonly { type: string; status: string; reason?: string; message?: string }[],
): PodState['deletion'] {
  if (deletionTimestamp === undefined) return undefined;
  const due = epochMs(toTimestamp(deletionTimestamp));
  const disruption = conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  const why = disruption ? reasonOf(disruption.reason, disruption.message) : 'its pod was deleted';
  return { requested: due - deletionGracePeriodSeconds * 1000, due, why };
}

const reasonOf = (reason = '', message = ''): string =>
  oneLine([reason, message].filter(Boolean).join(': ')) ?? 'its pod failed without a reason';

const oneLine = (text: string | undefined): string | undefined => text?.replaceAll(/\s+/g, ' ').trim() || undefined;
