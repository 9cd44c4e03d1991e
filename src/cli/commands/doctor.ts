import type { Context } from '../command/context.js';
import { examine } from '../../service/doctor/doctor.js';
import { printAll } from '../output/print.js';
import { plain } from '../output/resource-kinds.js';
import { symbols } from '../output/symbols.js';
import { grid } from '../output/table.js';
import { Reported } from '../../model/errors.js';
import type { Check } from '../../service/doctor/check.js';
import type { CommonOptions } from '../flags/global.js';

interface DoctorOptions extends CommonOptions {
  fix?: true;
}

export async function run(context: Context, options: DoctorOptions): Promise<void> {
  const { out } = context.io;
  const symbolOf = { ok: symbols.succeeded(out), warning: symbols.cancelled(out), problem: symbols.failed(out) };
  const checks = await examine(await context.doctor(), { fix: options.fix ?? false });
  await printAll(context, options, checks, { kind: plain, human: () => grid(rows(checks, symbolOf)) });
  if (checks.some(({ state }) => state === 'problem')) throw new Reported();
}

function rows(checks: readonly Check[], symbolOf: Record<Check['state'], string>): string[][] {
  return checks.flatMap(({ name, state, found, fix, done }) => [
    [symbolOf[state], name, found],
    ...(fix === undefined ? [] : [['', '', `Try: ${fix}`]]),
    ...(done === undefined ? [] : [['', '', `Done: ${done}`]]),
  ]);
}
