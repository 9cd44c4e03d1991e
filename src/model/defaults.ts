import { normalize } from './schema/normalize.js';
import type { Container } from './schema/container.js';
import { type JobInput, JobMessage, type TaskTemplate } from './schema/job.js';
import { durationSeconds } from './time.js';

/** The limits of a container whose spec sets none (memory and CPU limits pages; seen in API answers). */
export const defaultLimits = { cpu: '1000m', memory: '512Mi' } as const;
/** The default GPU type: gcloud 578 leaves the type out and says that it will be this one. */
export const defaultAccelerator = 'nvidia-l4';
export const defaultMaxRetries = 3;
export const defaultTimeout = '600s';
/** From the container contract. The API does not fill it in. */
const defaultGrace = '10s';

/** The time from SIGTERM to SIGKILL, in whole seconds. */
export const graceSeconds = ({ terminationGracePeriod = defaultGrace }: Partial<TaskTemplate> = {}): number =>
  Math.ceil(durationSeconds(terminationGracePeriod) ?? 0);

/**
 * The job as the API stores it, with every default that the API fills in and returns. Parallelism stays unset: it means
 * "as many as possible".
 */
export function withDefaults(input: JobInput, projectNumber: string): JobInput {
  const job = normalize(JobMessage, input);
  const { template } = job;
  const task = template.template;
  return {
    ...job,
    ...(input.onlyV1 && { onlyV1: input.onlyV1 }),
    launchStage: job.launchStage ?? 'GA',
    template: {
      ...template,
      taskCount: template.taskCount || 1,
      template: {
        ...task,
        containers: task.containers.map(withLimits).map(withMountPaths),
        maxRetries: task.maxRetries ?? defaultMaxRetries,
        timeout: task.timeout ?? defaultTimeout,
        ...(task.containers.some(usesGpu) && {
          nodeSelector: task.nodeSelector ?? { accelerator: defaultAccelerator },
        }),
        serviceAccount: task.serviceAccount || `${projectNumber}-compute@developer.gserviceaccount.com`,
        executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
      },
    },
  };
}

/** Whether a container requests a GPU. */
export const usesGpu = ({ resources }: Container): boolean => resources?.limits?.['nvidia.com/gpu'] !== undefined;

function withLimits(container: Container): Container {
  const limits = container.resources?.limits;
  return {
    ...container,
    resources: { ...container.resources, limits: { ...defaultLimits, ...limits } },
  };
}

/** Only a Cloud SQL volume may omit its mount path, because only one is possible. */
function withMountPaths(container: Container): Container {
  if (!container.volumeMounts?.some(({ mountPath }) => !mountPath)) return container;
  const volumeMounts = container.volumeMounts.map((mount) => ({ ...mount, mountPath: mount.mountPath || '/cloudsql' }));
  return { ...container, volumeMounts };
}
