import type { Container } from '../schema/container.js';
import { type EnvEdit, editedEnv } from './env.js';
import { withMounts } from './job.js';

/** Changes to a container, except its secrets. Absent properties change nothing. */
export interface ContainerEdit {
  image?: string | undefined;
  /** Empty: use the image's. */
  command?: string[] | undefined;
  args?: string[] | undefined;
  workingDir?: string | undefined;
  memory?: string | undefined;
  cpu?: string | undefined;
  /** 0: none. */
  gpu?: string | undefined;
  env?: EnvEdit | undefined;
  clearMounts?: boolean | undefined;
  /** By path. */
  removeMounts?: readonly string[] | undefined;
  addMounts?: NonNullable<Container['volumeMounts']> | undefined;
  dependsOn?: string[] | undefined;
  /** `none` removes it. */
  startupProbe?: NonNullable<Container['startupProbe']> | 'none' | undefined;
  sandboxLauncher?: boolean | undefined;
}

export function editedContainer(container: Container, edit: ContainerEdit): Container {
  const changed: Container = { ...container };
  const { command, args, workingDir, dependsOn, startupProbe, sandboxLauncher } = edit;
  if (edit.image !== undefined) changed.image = edit.image;
  if (command) changed.command = command;
  if (args) changed.args = args;
  if (workingDir !== undefined) changed.workingDir = workingDir;
  if (dependsOn) changed.dependsOn = dependsOn;
  if (sandboxLauncher !== undefined) changed.sandboxLauncher = sandboxLauncher;
  if (startupProbe === 'none') delete changed.startupProbe;
  else if (startupProbe) changed.startupProbe = startupProbe;
  if (edit.env) changed.env = editedEnv(container.env, edit.env);
  const limits = editedLimits(container.resources?.limits, edit);
  if (limits) changed.resources = { ...container.resources, limits };
  if (edit.clearMounts ?? edit.removeMounts ?? edit.addMounts) {
    const { removeMounts = [], addMounts = [] } = edit;
    const kept = edit.clearMounts ? [] : (container.volumeMounts ?? []);
    changed.volumeMounts = withMounts(
      kept.filter(({ mountPath }) => !removeMounts.includes(mountPath)),
      addMounts,
    );
  }
  return changed;
}

const gpus = 'nvidia.com/gpu';

function editedLimits(
  limits: Record<string, string> | undefined,
  { cpu, memory, gpu }: ContainerEdit,
): Record<string, string> | undefined {
  if (!cpu && !memory && !gpu) return undefined;
  const changed = { ...limits, ...(cpu && { cpu }), ...(memory && { memory }), ...(gpu && { [gpus]: gpu }) };
  if (gpu === '0') delete changed[gpus];
  return changed;
}
