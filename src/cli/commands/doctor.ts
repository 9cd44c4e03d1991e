import { Reported } from '../../model/errors.js';
import type { Check } from '../../service/doctor/check.js';
import { type CommonOptions, defineCommand } from '../command/command.js';

interface DoctorOptions extends CommonOptions {
  fix?: true;
}

export const doctor = defineCommand<DoctorOptions>(
  'doctor',
  'Look at the engine, the store and what executions have left behind; say how to mend what is wrong.',
  (command) =>
    command.option(
      '--fix',
      'remove what executions have left behind, have those taken up whose process is gone, replace a damaged store',
    ),
  async (context, options) => {
    // All of it is loaded for the help of the root, too, where this stands.
    const [{ examine }, { printAll }, { plain }, { grid }, { symbols }] = await Promise.all([
      import('../../service/doctor/doctor.js'),
      import('../output/print.js'),
      import('../output/format/resource-kinds.js'),
      import('../output/table.js'),
      import('../output/symbols.js'),
    ]);
    const { out } = context.io;
    const symbolOf = { ok: symbols.succeeded(out), warning: symbols.cancelled(out), problem: symbols.failed(out) };
    const checks = await examine(await context.doctor(), { fix: options.fix ?? false });
    await printAll(context, options, checks, { kind: plain, human: () => grid(rows(checks, symbolOf)) });
    if (checks.some(({ state }) => state === 'problem')) throw new Reported();
  },
);

function rows(checks: readonly Check[], symbolOf: Record<Check['state'], string>): string[][] {
  return checks.flatMap(({ name, state, found, fix, done }) => [
    [symbolOf[state], name, found],
    ...(fix === undefined ? [] : [['', '', `Try: ${fix}`]]),
    ...(done === undefined ? [] : [['', '', `Done: ${done}`]]),
  ]);
}
