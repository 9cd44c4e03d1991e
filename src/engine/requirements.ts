import type { Problem } from '../model/errors.js';
import { type FieldPath, formatPath, namesAlong } from '../model/field-path.js';
import { exportName } from '../model/local/mappings.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { TaskTemplate } from '../model/schema/job.js';
import type { Capabilities, Feature } from '../runtime/port.js';

/** Something that a job asks of a runtime, by its field in the job, or by its name in localrun.yaml. */
type Demand = { feature: Feature; fix?: string } & ({ at: FieldPath } | { setting: keyof LocalSettings });

const root: FieldPath = ['template', 'template'];

/** What a job asks of a runtime that cannot do it. An execution that has such a problem is not created. */
export function requirements(template: TaskTemplate, settings: LocalSettings, { lacks }: Capabilities): Problem[] {
  const locate = (at: FieldPath): Pick<Problem, 'path' | 'at'> => ({
    path: formatPath(at, namesAlong(at, { template: { template } })),
    at,
  });
  const lacking = demands(template, settings).flatMap((demand): Problem[] => {
    const message = lacks[demand.feature];
    if (message === undefined) return [];
    const fix = settings.runtime && (demand.fix ?? elsewhere);
    const where = 'setting' in demand ? { path: demand.setting } : locate(demand.at);
    return [{ ...where, message, fix, severity: 'error' }];
  });
  const left: Problem[] =
    settings.forwarded && settings.credentials
      ? [
          {
            path: 'credentials',
            message: 'the credentials of your machine do not leave it',
            fix: 'set runtime.serviceAccount to a service account that has the rights',
            severity: 'error',
          },
        ]
      : [];
  return [
    ...lacking,
    ...left,
    ...localImages(template, settings).map((problem) => ({ ...problem, ...locate(problem.at) })),
  ];
}

/** What is left for a job that asks too much of a cluster. */
const elsewhere = 'leave it out, or run the job on this machine instead';
const serviceAccount = 'use credentials: adc, or set runtime.serviceAccount to a service account that has the rights';
const forwarding = 'leave it out, and use kubectl port-forward POD PORT while the task runs';
const address = 'give the job an address that the pods of the cluster can reach';

function demands({ containers, volumes = [] }: TaskTemplate, settings: LocalSettings): Demand[] {
  const demanded: Demand[] = [];
  containers.forEach(({ resources, dependsOn = [], startupProbe }, i) => {
    const at = [...root, 'containers', i];
    const gpus = Number(resources?.limits?.['nvidia.com/gpu'] ?? 0);
    if (gpus > 0) demanded.push({ feature: 'gpus', at: [...at, 'resources', 'limits', 'nvidia.com/gpu'] });
    if (dependsOn.length > 0) demanded.push({ feature: 'startupOrder', at: [...at, 'dependsOn'] });
    if (startupProbe) demanded.push({ feature: 'startupOrder', at: [...at, 'startupProbe'] });
  });
  volumes.forEach(({ gcs, nfs, cloudSqlInstance }, i) => {
    const demand = (fix: string): void =>
      void demanded.push({ feature: 'hostFiles', at: [...root, 'volumes', i], fix });
    const { bucket = '' } = gcs ?? {};
    if (gcs && Object.hasOwn(settings.buckets, bucket)) {
      demand(`map the bucket ${bucket} to a persistent volume claim: { claim: NAME }`);
    }
    const share = exportName(`${nfs?.server ?? ''}:${nfs?.path ?? ''}`);
    if (nfs && Object.hasOwn(settings.nfs, share)) {
      demand(`remove the mapping of ${share}, and the cluster mounts the export itself`);
    }
    if (cloudSqlInstance) demand('run the Cloud SQL proxy as a container of the job, or connect to an address');
  });
  if (settings.metadata) demanded.push({ feature: 'metadataServer', setting: 'metadata', fix: serviceAccount });
  if (settings.network !== undefined) demanded.push({ feature: 'hostNetworks', setting: 'network', fix: address });
  if (settings.hostAccess) demanded.push({ feature: 'hostNetworks', setting: 'hostAccess', fix: address });
  if (settings.publish) demanded.push({ feature: 'publishedPorts', setting: 'publish', fix: forwarding });
  if (settings.mounts) demanded.push({ feature: 'hostFiles', setting: 'mounts' });
  if (settings.strictFs) demanded.push({ feature: 'strictFs', setting: 'strictFs' });
  if (settings.keep) demanded.push({ feature: 'keep', setting: 'keep' });
  if (settings.keepFailed) demanded.push({ feature: 'keep', setting: 'keepFailed' });
  return demanded;
}

/** Registries that each machine has for itself. */
const local = /^(?:localhost|[^/]+\.localhost|127\.[\d.]+|\[::1\]|host\.\w+\.internal)(?::\d+)?\//;

/** Images that no node of a cluster can pull. */
function localImages({ containers }: TaskTemplate, { runtime }: LocalSettings): (Problem & { at: FieldPath })[] {
  if (!runtime || runtime.imagesOnNodes) return [];
  return containers.flatMap(({ image }, i) =>
    local.test(image)
      ? {
          at: [...root, 'containers', i, 'image'],
          message: `${image} is in a registry of this machine, which the nodes of the cluster cannot reach`,
          fix: 'push it to a registry that they reach; or load it into the nodes and set runtime.imagesOnNodes',
          severity: 'error' as const,
        }
      : [],
  );
}
