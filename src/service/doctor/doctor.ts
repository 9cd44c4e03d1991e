import { existsSync } from 'node:fs';
import { defaultSettings, type KubernetesSettings } from '../../model/local/settings.js';
import type { RuntimeIdentity } from '../../model/runtime-identity.js';
import type { EngineReport } from '../../runtime/docker/diagnosis.js';
import type { AttemptRuntime } from '../../runtime/port.js';
import { storeFile } from '../../store/sqlite.js';
import { type Check, type DoctorDeps, type Mendable, problem } from './check.js';
import { clusterChecks } from './cluster.js';
import { directoryOrphans, type Records, runtimeOrphans } from './orphans.js';
import { executionChecks, storeCheck } from './records.js';
import { clusterOf } from '../runtimes.js';
import { engineChecks, space, stateDirectory } from './surroundings.js';

/** What the store refers to and does not exist. */
const nothing: Records = {
  openExecutions: () => [],
  findExecution: () => undefined,
  remains: () => [],
  settings: () => defaultSettings,
  attempts: () => [],
};

/**
 * Checks everything that executions need, and with `fix` repairs what can be repaired here. A check that depends on
 * something missing is skipped.
 */
export async function examine(deps: DoctorDeps, { fix }: { fix: boolean }): Promise<Check[]> {
  const checks: Check[] = [];
  const take = async (check: Mendable): Promise<void> => void checks.push(await settled(check, fix));
  const sites = new Map<string, Site>();
  const look = async (cluster: KubernetesSettings | undefined): Promise<void> => {
    if (sites.has(keyOf(cluster))) return;
    const report = cluster && (await deps.diagnoseCluster(cluster));
    const { found, answers } = report ? clusterChecks(report) : engineSite(await deps.diagnose());
    for (const check of found) await take(check);
    const runtime = answers ? await deps.runtime(cluster) : undefined;
    const identity = await runtime?.identify().catch(() => undefined);
    const site = { holds: cluster ? clusterHolds : engineHolds, runtime, identity };
    sites.set(keyOf(cluster), site);
    // An execution says where its cluster is, even if the settings leave that to the kubeconfig.
    if (report?.access) sites.set(keyOf(report.access), site);
  };
  await look(deps.cluster);
  await take(stateDirectory(deps.home));
  await take(space('state disk', deps.home));
  await take(storeCheck(deps));
  let records: Records = nothing;
  if (existsSync(storeFile(deps.home))) {
    const service = await deps.open().catch(() => undefined);
    if (!service) return checks;
    for (const name of service.store.openExecutions()) await look(clusterOf(service, name));
    const answering = (name: string): RuntimeIdentity | undefined =>
      sites.get(keyOf(clusterOf(service, name)))?.identity;
    const anyAnswers = [...sites.values()].some(({ identity }) => identity);
    for (const { mend, ...check } of executionChecks(service, answering)) {
      if (check.name === 'other engines' && !anyAnswers) continue;
      // They need a runtime.
      await take(anyAnswers ? { ...check, mend } : check);
    }
    records = service.store;
  }
  for (const { holds, runtime } of new Set(sites.values())) {
    if (!runtime) continue;
    const orphans = runtimeOrphans(holds, deps.home, runtime, records);
    await take(await orphans.catch((error: unknown) => problem(holds.name, error)));
  }
  await take(directoryOrphans(deps, records));
  return checks;
}

/** Where executions run, or will. */
interface Site {
  /** The name of the check for what they have left there, and what that is. */
  holds: { name: string; what: string };
  /** Undefined if it does not answer. */
  runtime: AttemptRuntime | undefined;
  identity: RuntimeIdentity | undefined;
}

const engineHolds = { name: 'engine orphans', what: 'containers, volumes and images' };
const clusterHolds = { name: 'cluster orphans', what: 'pods, Secrets and ConfigMaps' };

const keyOf = (cluster: Pick<KubernetesSettings, 'context' | 'namespace'> | undefined): string =>
  cluster ? JSON.stringify([cluster.context, cluster.namespace]) : '';

const engineSite = (report: EngineReport): { found: Check[]; answers: boolean } => ({
  found: engineChecks(report),
  answers: report.engine !== undefined,
});

/** What happened to a finding. */
async function settled({ mend, ...check }: Mendable, fix: boolean): Promise<Check> {
  if (!fix || !mend) return check;
  try {
    return { ...check, state: 'ok', fix: undefined, done: await mend() };
  } catch (error) {
    const { found, ...failed } = problem(check.name, error);
    return { ...failed, found: `${check.found} It could not be mended: ${found}` };
  }
}
