import type { Problem } from '../model/errors.js';
import { type FieldPath, formatPath, namesAlong } from '../model/field-path.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { TaskTemplate } from '../model/schema/job.js';
import type { Capabilities, Feature } from '../runtime/port.js';

/** Something that a job asks of a runtime, by its field in the job, or by its name in localrun.yaml. */
type Demand = { feature: Feature } & ({ at: FieldPath } | { setting: keyof LocalSettings });

const root: FieldPath = ['template', 'template'];

/** What a job asks of a runtime that cannot do it. An execution that has such a problem is not created. */
export function requirements(template: TaskTemplate, settings: LocalSettings, { lacks }: Capabilities): Problem[] {
  return demands(template, settings).flatMap((demand): Problem[] => {
    const message = lacks[demand.feature];
    if (message === undefined) return [];
    if ('setting' in demand) return [{ path: demand.setting, message, severity: 'error' }];
    const { at } = demand;
    return [{ path: formatPath(at, namesAlong(at, { template: { template } })), at, message, severity: 'error' }];
  });
}

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
    if (gcs ?? nfs ?? cloudSqlInstance) demanded.push({ feature: 'hostFiles', at: [...root, 'volumes', i] });
  });
  if (settings.metadata) demanded.push({ feature: 'metadataServer', setting: 'metadata' });
  if (settings.credentials) demanded.push({ feature: 'hostFiles', setting: 'credentials' });
  if (settings.network !== undefined) demanded.push({ feature: 'hostNetworks', setting: 'network' });
  if (settings.hostAccess) demanded.push({ feature: 'hostNetworks', setting: 'hostAccess' });
  if (settings.strictFs) demanded.push({ feature: 'strictFs', setting: 'strictFs' });
  if (settings.keep) demanded.push({ feature: 'keep', setting: 'keep' });
  if (settings.keepFailed) demanded.push({ feature: 'keep', setting: 'keepFailed' });
  return demanded;
}
