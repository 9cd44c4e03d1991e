import { Reported } from '../../model/errors.js';
import type { Check } from '../../service/doctor/check.js';
import { type CommonOptions, defineCommand } from '../command.js';
import type { Output } from '../io.js';

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
    const [{ examine }, { printAll }, { plain }, { grid }] = await Promise.all([
      import('../../service/doctor/doctor.js'),
      import('../render/format.js'),
      import('../render/format/resources.js'),
      import('../render/table.js'),
    ]);
    const checks = await examine(await context.doctor(), { fix: options.fix ?? false });
    await printAll(context, options, checks, { kind: plain, human: () => grid(rows(checks, context.io.out)) });
    if (checks.some(({ state }) => state === 'problem')) throw new Reported();
  },
);

function rows(checks: readonly Check[], { chalk }: Output): string[][] {
  const symbols = { ok: chalk.green('✔'), warning: chalk.yellow('!'), problem: chalk.red('✗') };
  return checks.flatMap(({ name, state, found, fix, done }) => [
    [symbols[state], name, found],
    ...(fix === undefined ? [] : [['', '', `Try: ${fix}`]]),
    ...(done === undefined ? [] : [['', '', `Done: ${done}`]]),
  ]);
}
