import { Reported } from '../../model/errors.js';
import type { Check } from '../../service/doctor/check.js';
import { examine } from '../../service/doctor/doctor.js';
import { type CommonOptions, defineCommand } from '../command.js';
import type { Output } from '../io.js';
import { printAll } from '../render/format.js';
import { plain } from '../render/format/resources.js';
import { grid } from '../render/table.js';

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
    const checks = await examine(await context.doctor(), { fix: options.fix ?? false });
    await printAll(context, options, checks, { kind: plain, human: () => human(checks, context.io.out) });
    if (checks.some(({ state }) => state === 'problem')) throw new Reported();
  },
);

function human(checks: readonly Check[], { chalk }: Output): string {
  const symbols = { ok: chalk.green('✔'), warning: chalk.yellow('!'), problem: chalk.red('✗') };
  return grid(
    checks.flatMap(({ name, state, found, fix, done }) => [
      [symbols[state], name, found],
      ...(fix === undefined ? [] : [['', '', `Try: ${fix}`]]),
      ...(done === undefined ? [] : [['', '', `Done: ${done}`]]),
    ]),
  );
}
