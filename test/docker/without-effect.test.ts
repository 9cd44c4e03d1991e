import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { declaredFields } from '../../src/model/field-effects.js';
import type { JobInput } from '../../src/model/schema/job.js';
import { test } from '../support/home.js';

/** The fields without a local effect that are in no other such field. */
const inert = declaredFields()
  .filter(({ effect }) => effect === 'ignoredLocally')
  .map(({ path }) => path)
  .filter((path, _, all) => !all.some((outer) => path.startsWith(`${outer}.`)));

test.concurrent('fields that act in Cloud Run only are reported once, and the job runs', async ({ home }) => {
  const job: JobInput = {
    name: 'inert',
    binaryAuthorization: { useDefault: true },
    template: {
      delayExecution: true,
      template: {
        encryptionKey: 'projects/p/locations/l/keyRings/k/cryptoKeys/c',
        vpcAccess: { networkInterfaces: [{ network: 'n', subnetwork: 's', tags: ['t'] }], egress: 'ALL_TRAFFIC' },
        containers: [{ image: 'localrun/busybox:latest', command: ['echo', 'it runs'], sandboxLauncher: true }],
      },
    },
  };
  const file = home.file('inert.json');
  writeFileSync(file, JSON.stringify(job));
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual(['it runs']);
  const lines = [...stderr.matchAll(/^Ignored locally \(see docs\/fidelity\.md\): (.*)$/gm)];
  expect(lines).toHaveLength(1);
  const told = lines.flatMap(([, fields = '']) => fields.split(', ').map((field) => field.replace(/\[\d+\]/g, '[]')));
  // That one needs a GPU.
  const others = inert.filter((path) => path !== 'template.template.nodeSelector');
  expect(told.toSorted()).toEqual(others.toSorted());
});
