import type { Context } from '../command/context.js';
import { examine } from '../../service/doctor/doctor.js';
import { printAll } from '../output/print.js';
import { plain } from '../output/resource-kinds.js';
import { symbols } from '../output/symbols.js';
import { boundedGrid } from '../output/bounded-table.js';
import { remedyText, Reported } from '../errors.js';
import type { Check } from '../../service/doctor/check.js';
import type { CommonOptions } from '../flags/global.js';

interface DoctorOptions extends CommonOptions {
  fix?: true;
}

export async function run(context: Context, options: DoctorOptions): Promise<void> {
  const { out } = context.io;
  const symbolOf = { ok: symbols.succeeded(out), warning: symbols.cancelled(out), problem: symbols.failed(out) };
  const found = await examine(await context.doctor(), { fix: options.fix ?? false });
  const checks = found.map((check) => ({ ...check, fix: check.fix && remedyText(check.fix, context.defaults) }));
  await printAll(context, options, checks, { kind: plain, human: () => boundedGrid(rows(checks, symbolOf), out) });
  if (checks.some(({ state }) => state === 'problem')) throw new Reported();
}

function rows(
  checks: readonly (Omit<Check, 'fix'> & { fix: string | undefined })[],
  symbolOf: Record<Check['state'], string>,
): string[][] {
  return checks.flatMap(({ name, state, found, fix, done }) => [
    [symbolOf[state], name, found],
    ...(fix === undefined ? [] : [['', '', `Try: ${fix}`]]),
    ...(done === undefined ? [] : [['', '', `Done: ${done}`]]),
  ]);
}
