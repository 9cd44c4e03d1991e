import type { Context } from '../../../../command/context.js';
import { getTask } from '../../../../../service/tasks.js';
import type { CommonOptions } from '../../../../flags/global.js';
import { inWords } from '../../../../errors.js';
import { parentOf } from '../../../../command/resource-names.js';
import { recoveredService } from '../../../../command/recovered-service.js';
import { describeTask } from '../../../../output/describe/describe.js';
import { print } from '../../../../output/print.js';
import { taskKind } from '../../../../output/resource-kinds.js';

export async function run(context: Context, options: CommonOptions, id: string): Promise<void> {
  const service = await recoveredService(context);
  const parent = parentOf(context, options);
  const view = inWords('NOT_FOUND', `Cannot find task [${id}].`, () => getTask(service, parent, id));
  await print(context, options, view, { kind: taskKind, human: () => describeTask(view, context.io.out) });
}
