import type { Context } from '../../command/context.js';
import { permissions } from '../../../model/iam/permissions.js';
import { testIamPermissions } from '../../../service/iam.js';
import type { CommonOptions } from '../../flags/global.js';
import { jobNameOf } from '../../command/resource-names.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';
import { symbols } from '../../output/symbols.js';

export async function run(context: Context, options: CommonOptions, id: string, asked: string[]): Promise<void> {
  const tested = asked.length > 0 ? asked : permissions;
  const resource = jobNameOf(context, options, id);
  const granted: string[] = await testIamPermissions(await context.service(), { resource, permissions: tested });
  const { out } = context.io;
  await print(
    context,
    options,
    { permissions: granted },
    {
      kind: plain,
      human: () =>
        tested
          .map((permission) => {
            const symbol = granted.includes(permission) ? symbols.succeeded(out) : symbols.failed(out);
            return `${symbol} ${permission}\n`;
          })
          .join(''),
    },
  );
}
