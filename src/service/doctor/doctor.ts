import { existsSync } from 'node:fs';
import { defaultSettings } from '../../model/local/settings.js';
import { storeFile } from '../../store/sqlite.js';
import { type Check, type DoctorDeps, type Mendable, problem } from './check.js';
import { directoryOrphans, engineOrphans, type Records } from './orphans.js';
import { executionChecks, storeCheck } from './records.js';
import { engineChecks, space, stateDirectory } from './surroundings.js';

/** What a store knows that is not there. */
const nothing: Records = {
  openExecutions: () => [],
  findExecution: () => undefined,
  remains: () => [],
  settings: () => defaultSettings,
  attempts: () => [],
};

/**
 * Looks at all that executions need, and with `fix` mends what can be mended here. What depends on something that is
 * not there is not looked at.
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
      // Without an engine they cannot go on.
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

/** What has become of a finding. */
async function settled({ mend, ...check }: Mendable, fix: boolean): Promise<Check> {
  if (!fix || !mend) return check;
  try {
    return { ...check, state: 'ok', fix: undefined, done: await mend() };
  } catch (error) {
    const { found, ...failed } = problem(check.name, error);
    return { ...failed, found: `${check.found} It could not be mended: ${found}` };
  }
}
