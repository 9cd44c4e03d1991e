import { type CloudSqlApart, cloudSqlApart, withCloudSql, withoutCloudSql } from '../../../model/cloud-sql.js';
import { usesGpu } from '../../../model/defaults.js';
import { type ContainerEdit, editedContainer } from '../../../model/edit/container.js';
import { withLabels, withMounts, withoutContainers, withTask, withVolumes } from '../../../model/edit/job.js';
import { type CloudSqlEdit, editedCloudSql, editedVpcAccess } from '../../../model/edit/network.js';
import { parseSecretUse, type SecretsEdit, withSecrets } from '../../../model/edit/secrets.js';
import { StatusError } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';
import type { Parent } from '../../../model/names.js';
import type { JobInput, TaskTemplate } from '../../../model/schema/job.js';
import type { Io } from '../../io.js';
import { type ContainerGroup, containerGroups, type GroupedFlags } from './container.js';
import { readEnvFile } from './env-file.js';
import { checkExclusive, containerExclusives, jobExclusives } from '../exclusive.js';
import type { ClientFlags, JobFlags } from './job.js';
import { probeOf } from './probe.js';
import { type AddedVolume, volumeOf } from './volume.js';

/** The flags that describe a job, for create, update, deploy and run. */
export type JobOptions = JobFlags & GroupedFlags;

/** The changes to a job in a command line. */
export interface JobEdit {
  flags: JobFlags;
  /** The flags of each container, in order. */
  groups: ContainerGroup[];
}

/** The limit of the service. */
const maxContainers = 10;

/** Checks the flags and reads the files they name. @throws UsageError, StatusError if a file cannot be read */
export async function readJobEdit(options: JobOptions, io: Pick<Io, 'cwd' | 'variables' | 'err'>): Promise<JobEdit> {
  const groups = containerGroups(options);
  checkExclusive({ ...options }, jobExclusives);
  for (const { flags } of groups) {
    checkExclusive({ ...flags }, [[['--env-file'], ['--env-vars-file']]]);
    // gcloud's name of the flag, in the words of gcloud's error.
    checkExclusive({ ...flags, envVarsFile: flags.envVarsFile ?? flags.envFile }, containerExclusives);
    if (flags.envVarsFile) flags.setEnvVars = await readEnvFile(flags.envVarsFile, '--env-vars-file', io);
    for (const file of flags.envFile ?? []) {
      flags.setEnvVars = { ...flags.setEnvVars, ...(await readEnvFile(file, '--env-file', io)) };
    }
  }
  return { flags: options, groups };
}

/**
 * The edit with the image that the container with `--source` gets.
 * @throws UsageError if there are several
 */
export function withSourceImage(edit: JobEdit, image: string): JobEdit {
  const built = edit.groups.filter(({ flags }) => flags.source !== undefined);
  if (built.length > 1) {
    throw new UsageError('Invalid value for [--container]: At most one container can be deployed from source.');
  }
  const groups = edit.groups.map((group) =>
    built.includes(group) ? { ...group, flags: { ...group.flags, image } } : group,
  );
  return { ...edit, groups };
}

/** A job described only by flags. @throws UsageError without `--image` */
export function jobFromFlags(edit: JobEdit, parent: Parent): JobInput {
  const [first] = edit.groups;
  if (first?.name === undefined && first?.flags.image === undefined) {
    throw new UsageError('argument --image: Must be specified.', 'give --image or --source, or a spec with -f FILE');
  }
  const containers = first.name === undefined ? [{ image: '' }] : [];
  return withJobFlags({ template: { template: { containers } } }, edit, parent);
}

/**
 * The job with the changes in the flags. They are applied in gcloud's order, which matters where two of them change the
 * same field.
 * @throws UsageError, StatusError for changes that cannot be made
 */
export function withJobFlags(job: JobInput, { flags, groups }: JobEdit, parent: Parent): JobInput {
  if (groups.length > maxContainers) {
    throw new UsageError(`Invalid value for [--container]: Jobs may include at most ${maxContainers} containers`);
  }
  const added = (flags.addVolume ?? []).map(volumeOf);
  if (groups[0]?.name !== undefined && added.some(({ mountPath }) => mountPath !== undefined)) {
    throw new UsageError('argument --add-volume: mount-path cannot be used with --container; use --add-volume-mount');
  }
  const { task: before, instances } = cloudSqlBeside(job.template.template, flags);
  const single = groups.every(({ name }) => name === undefined);
  let task = single
    ? withContainerFlags(before, groups[0] ?? { name: undefined, flags: {} }, flags, added)
    : withNewVolumes(withoutVolumes(before, flags), added);
  if (flags.removeContainers) task = withoutContainers(task, flags.removeContainers);
  if (!single) for (const group of groups) task = withContainerFlags(task, group);
  const imageless = task.containers.filter(({ image }) => !image).map(({ name }) => name ?? '');
  if (imageless.length > 0) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Missing required argument [--image]: Containers ${imageless.join(', ')} require a container image to deploy.`,
    );
  }
  task = withCloudSql(withTaskFlags(task, flags), editedCloudSql(instances, parent, cloudSqlEdit(flags)));
  return withOwnFlags(
    withTask(job, () => task),
    flags,
  );
}

/**
 * The task and, apart from it, its Cloud SQL instances. gcloud has them in an annotation, so flags for volumes and mounts
 * do not apply to them.
 */
function cloudSqlBeside(task: TaskTemplate, flags: JobFlags): CloudSqlApart {
  const apart = cloudSqlApart(task, { exact: false });
  if (apart ?? !Object.values(cloudSqlEdit(flags)).some(Boolean)) return apart ?? { task, instances: [] };
  return {
    task: withoutCloudSql(task),
    instances: task.volumes?.flatMap(({ cloudSqlInstance }) => cloudSqlInstance?.instances ?? []) ?? [],
  };
}

const cloudSqlEdit = (flags: JobFlags): CloudSqlEdit => ({
  clear: flags.clearCloudsqlInstances || flags.setCloudsqlInstances !== undefined,
  remove: flags.removeCloudsqlInstances,
  add: flags.setCloudsqlInstances ?? flags.addCloudsqlInstances,
});

/** Changes the container of a group, and adds it if it does not exist. */
function inContainer(
  task: TaskTemplate,
  { name }: ContainerGroup,
  change: (container: TaskTemplate['containers'][number], index: number) => TaskTemplate['containers'][number],
): TaskTemplate {
  const { containers } = task;
  if (name === undefined && containers.length > 1) {
    throw new UsageError(
      'The job has several containers, so flags for a container need --container.',
      `put --container=NAME before them, with one of ${containers.map((container) => container.name ?? '""').join(', ')}`,
    );
  }
  const index = name === undefined ? 0 : containers.findIndex((container) => (container.name ?? '') === name);
  const container = containers[index];
  if (container) return { ...task, containers: containers.with(index, change(container, index)) };
  return { ...task, containers: [...containers, change({ image: '', ...(name && { name }) }, containers.length)] };
}

/** Changes a container by its flags, and in between, where gcloud does it, the job's volumes by `job`. */
function withContainerFlags(
  task: TaskTemplate,
  group: ContainerGroup,
  job: JobFlags = {},
  added: readonly AddedVolume[] = [],
): TaskTemplate {
  const { setEnvVars, updateEnvVars, removeEnvVars, clearEnvVars, ...others } = group.flags;
  const { source: _source, build: _build, dependsOn, startupProbe, ...rest } = others;
  const { removeVolumeMount, clearVolumeMounts, addVolumeMount, workdir, ...flags } = rest;
  const set = setEnvVars && Object.keys(setEnvVars).length > 0 ? setEnvVars : undefined;
  const env = (set ?? updateEnvVars ?? removeEnvVars ?? clearEnvVars) !== undefined && {
    env: { clear: clearEnvVars || set !== undefined, remove: removeEnvVars, update: set ?? updateEnvVars },
  };
  const edited = (of: TaskTemplate, edit: ContainerEdit): TaskTemplate =>
    inContainer(of, group, (container) => editedContainer(container, edit));
  let changed = task;
  if (Object.keys(group.flags).length > 0) {
    changed = edited(changed, {
      ...flags,
      // A single container cannot depend on others.
      ...(group.name !== undefined && { dependsOn }),
      workingDir: workdir,
      startupProbe: startupProbe && probeOf(startupProbe),
      ...env,
      clearMounts: clearVolumeMounts || undefined,
      removeMounts: removeVolumeMount,
    });
  }
  changed = withNewVolumes(withSecretFlags(withoutVolumes(changed, job), group), added);
  return addVolumeMount ? edited(changed, { addMounts: addVolumeMount }) : changed;
}

function withoutVolumes(task: TaskTemplate, { clearVolumes, removeVolume = [] }: JobFlags): TaskTemplate {
  if (!clearVolumes && removeVolume.length === 0) return task;
  return { ...task, volumes: clearVolumes ? [] : task.volumes?.filter(({ name }) => !removeVolume.includes(name)) };
}

/** Adds volumes, and mounts those with a mount path in the only container. */
function withNewVolumes(task: TaskTemplate, added: readonly AddedVolume[]): TaskTemplate {
  if (added.length === 0) return task;
  const mounts = added.flatMap(({ volume: { name }, mountPath }) => (mountPath ? [{ name, mountPath }] : []));
  const changed = {
    ...task,
    volumes: withVolumes(
      task.volumes,
      added.map(({ volume }) => volume),
    ),
  };
  if (mounts.length === 0) return changed;
  return inContainer(changed, { name: undefined, flags: {} }, (container) => ({
    ...container,
    volumeMounts: withMounts(container.volumeMounts, mounts),
  }));
}

/** As in gcloud, an empty `--set-secrets` changes nothing. */
function withSecretFlags(task: TaskTemplate, group: ContainerGroup): TaskTemplate {
  const { setSecrets = {}, updateSecrets = {}, removeSecrets, clearSecrets } = group.flags;
  const set = Object.keys(setSecrets).length > 0;
  const update = Object.entries(set ? setSecrets : updateSecrets);
  if (!clearSecrets && !removeSecrets && update.length === 0) return task;
  const edit: SecretsEdit = {
    clear: clearSecrets || set,
    remove: removeSecrets,
    update: update.map(([key, use]) => parseSecretUse(key, use)),
  };
  const index = group.name === undefined ? 0 : task.containers.findIndex(({ name }) => (name ?? '') === group.name);
  return withSecrets(task, index, edit);
}

function withTaskFlags(task: TaskTemplate, flags: JobFlags): TaskTemplate {
  const access = editedVpcAccess(task.vpcAccess, {
    clearConnector: flags.clearVpcConnector,
    connector: flags.vpcConnector,
    clearNetwork: flags.clearNetwork,
    network: flags.network,
    subnetwork: flags.subnet,
    clearTags: flags.clearNetworkTags,
    tags: flags.networkTags,
    egress: flags.vpcEgress,
  });
  const { maxRetries, taskTimeout, serviceAccount, key, executionEnvironment } = flags;
  const changed = {
    ...task,
    vpcAccess: access,
    ...(maxRetries !== undefined && { maxRetries }),
    ...(taskTimeout && { timeout: taskTimeout }),
    ...(serviceAccount && { serviceAccount }),
    ...(key !== undefined && { encryptionKey: key }),
    ...(executionEnvironment && { executionEnvironment }),
  };
  return withGpuFlags(changed, flags);
}

/** Without a GPU, the fields about its kind are dropped. */
function withGpuFlags(task: TaskTemplate, { gpuType, gpuZonalRedundancy }: JobFlags): TaskTemplate {
  const { nodeSelector, gpuZonalRedundancyDisabled, ...rest } = task;
  const given = gpuType ?? gpuZonalRedundancy;
  if (given === undefined && !task.containers.some(usesGpu)) return rest;
  return {
    ...rest,
    ...(nodeSelector && { nodeSelector }),
    ...(gpuType && { nodeSelector: { accelerator: gpuType } }),
    ...(gpuZonalRedundancyDisabled !== undefined && { gpuZonalRedundancyDisabled }),
    ...(gpuZonalRedundancy !== undefined && { gpuZonalRedundancyDisabled: !gpuZonalRedundancy }),
  };
}

function withOwnFlags(job: JobInput, flags: JobFlags): JobInput {
  const { tasks, parallelism, delayExecution } = flags;
  const { clearLabels, removeLabels, labels = flags.updateLabels } = flags;
  const relabelled =
    (clearLabels ?? removeLabels ?? labels)
      ? withLabels(job, { clear: clearLabels ?? false, remove: removeLabels ?? [], update: labels ?? {} })
      : job;
  const named = withClient(relabelled, flags);
  const { template } = named;
  return {
    ...named,
    ...binaryAuthorization(named.binaryAuthorization, flags),
    template: {
      ...template,
      ...(tasks !== undefined && { taskCount: tasks }),
      ...(parallelism !== undefined && { parallelism }),
      ...(delayExecution !== undefined && { delayExecution }),
    },
  };
}

/** The job as written by the client in the flags. */
export function withClient(job: JobInput, { clientName, clientVersion }: ClientFlags): JobInput {
  const client = { ...(clientName && { client: clientName }), ...(clientVersion && { clientVersion }) };
  return { ...job, ...client, template: { ...job.template, ...client } };
}

function binaryAuthorization(
  current: JobInput['binaryAuthorization'],
  { clearBinaryAuthorization, binaryAuthorization: policy, breakglass }: JobFlags,
): Pick<JobInput, 'binaryAuthorization'> {
  const { breakglassJustification, ...rest } = current ?? {};
  const kept = clearBinaryAuthorization ? {} : rest;
  const chosen =
    policy === undefined ? kept : policy === 'default' ? { useDefault: true } : { ...(policy && { policy }) };
  const justification = breakglass ?? (clearBinaryAuthorization ? undefined : breakglassJustification);
  const result = { ...chosen, ...(justification && { breakglassJustification: justification }) };
  return Object.keys(result).length > 0 ? { binaryAuthorization: result } : { binaryAuthorization: undefined };
}
