import { permissions } from '../../../model/iam/permissions.js';
import { testIamPermissions } from '../../../service/iam.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command/command.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/format/resource-kinds.js';
import { symbols } from '../../output/symbols.js';

export const testPermissions = defineCommand<CommonOptions, [job: string, asked: string[]]>(
  'test-iam-permissions',
  'Show which permissions the caller, or another --account, has on a job by its IAM policy.',
  (command) =>
    command
      .argument('<job>', 'the name of the job')
      .argument('[permission...]', 'e.g. run.jobs.run; all if none is given'),
  async (context, options, id, asked) => {
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
  },
);
