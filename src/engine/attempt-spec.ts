import { containerLabel, dependencies, mainContainer } from '../model/task-containers.js';
import { defaultLimits, graceSeconds } from '../model/defaults.js';
import { shortName } from '../model/names.js';
import { ownProperty } from '../model/own-property.js';
import { parseQuantity } from '../model/quantity.js';
import type { Container, EnvVar } from '../model/schema/container.js';
import type { Execution } from '../model/schema/job.js';
import { selectionOf } from '../model/task-selection.js';
import type { Probe } from '../model/schema/probe.js';
import type { AttemptContainer, AttemptId, AttemptSpec, SecretReference } from '../runtime/port.js';

/**
 * An attempt according to the container contract: the template, and the CLOUD_RUN_* variables, which nothing overrides.
 * @param images the runtime's image for each reference of the execution
 */
export function attemptSpec(execution: Execution, id: AttemptId, images: Record<string, string>): AttemptSpec {
  const { template, taskCount } = execution;
  const { containers, volumes = [] } = template;
  const needs = dependencies(containers);
  const system = {
    CLOUD_RUN_JOB: execution.job,
    CLOUD_RUN_EXECUTION: shortName(execution.name),
    CLOUD_RUN_TASK_INDEX: String(id.task),
    CLOUD_RUN_TASK_ATTEMPT: String(id.attempt),
    CLOUD_RUN_TASK_COUNT: String(selectionOf(execution)?.of ?? taskCount),
  };
  return {
    ...id,
    main: mainContainer(containers),
    graceSeconds: graceSeconds(template),
    volumes,
    containers: containers.map((container, i): AttemptContainer => {
      const limits: Record<string, string> & typeof defaultLimits = {
        ...defaultLimits,
        ...container.resources?.limits,
      };
      const { image, command, args, workingDir, startupProbe, volumeMounts = [] } = container;
      return {
        name: containerLabel(container, i),
        image: ownProperty(images, image) ?? image,
        env: { ...plainVariables(container), ...system },
        secrets: secretVariables(container),
        ...{ command, args, workingDir, volumeMounts },
        memoryBytes: parseQuantity(limits.memory) ?? 0,
        cpus: parseQuantity(limits.cpu) ?? 1,
        gpus: parseQuantity(limits['nvidia.com/gpu'] ?? '') ?? 0,
        dependsOn: needs[i] ?? [],
        probe: startupProbe && withPort(startupProbe, container),
      };
    }),
  };
}

/** The variables of a container by name. If a name is repeated, the last one wins. */
const variables = ({ env = [] }: Container): EnvVar[] => [
  ...new Map(env.map((variable) => [variable.name, variable])).values(),
];

const plainVariables = (container: Container): Record<string, string> =>
  Object.fromEntries(
    variables(container).flatMap(({ name, value, valueSource }) =>
      valueSource?.secretKeyRef ? [] : [[name, value ?? '']],
    ),
  );

const secretVariables = (container: Container): Record<string, SecretReference> =>
  Object.fromEntries(
    variables(container).flatMap(({ name, valueSource }) => {
      const reference = valueSource?.secretKeyRef;
      return reference ? [[name, { secret: reference.secret, version: reference.version || 'latest' }]] : [];
    }),
  );

/** The probe, with the container's port if it names none. */
function withPort(probe: Probe, { ports }: Container): Probe {
  const port = ports?.[0]?.containerPort;
  const { httpGet, tcpSocket, grpc } = probe;
  return {
    ...probe,
    ...(httpGet && { httpGet: { port, ...httpGet } }),
    ...(tcpSocket && { tcpSocket: { port, ...tcpSocket } }),
    ...(grpc && { grpc: { port, ...grpc } }),
  };
}
