import { existsSync } from 'node:fs';
import { defaultSettings } from '../../model/local/settings.js';
import { storeFile } from '../../store/sqlite.js';
import { type Check, type DoctorDeps, type Mendable, problem } from './check.js';
import { directoryOrphans, engineOrphans, type Records } from './orphans.js';
import { executionChecks, storeCheck } from './records.js';
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
  const report = await deps.diagnose();
  for (const check of engineChecks(report)) await take(check);
  await take(stateDirectory(deps.home));
  await take(space('state disk', deps.home));
  await take(storeCheck(deps));
  let records: Records = nothing;
  if (existsSync(storeFile(deps.home))) {
    const service = await deps.open().catch(() => undefined);
    if (!service) return checks;
    const asked = report.engine && (await deps.runtime.identify().catch(() => undefined));
    for (const { mend, ...check } of executionChecks(service, asked)) {
      // They need a container engine.
      await take(asked ? { ...check, mend } : check);
    }
    records = service.store;
  }
  if (report.engine) {
    await take(await engineOrphans(deps, records).catch((error: unknown) => problem('engine orphans', error)));
  }
  await take(directoryOrphans(deps, records));
  return checks;
}

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
