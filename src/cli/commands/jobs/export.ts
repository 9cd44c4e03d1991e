import type { Context } from '../../command/context.js';
import { jobToRun, readDescription, type Description, type SpecOptions } from '../../command/described-job.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';
import { exportJob } from '../../../service/export.js';

export const parse = readDescription;

export async function run(context: Context, options: SpecOptions & Description, id: string | undefined): Promise<void> {
  const described = await jobToRun(context, options, id);
  const { job, secrets, claims, omitted } = exportJob(await context.service(), described, await context.indexedJob());
  const { stringify } = await import('yaml');
  await print(context, options, job, {
    kind: plain,
    // The order of the fields is that in which people write them.
    human: () => stringify(job, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' }),
  });
  const { err } = context.io;
  for (const { path, instead } of omitted) {
    err.write(`WARNING: ${path} has no counterpart in a Job of Kubernetes${instead ? `: ${instead}` : ''}.\n`);
  }
  for (const { name, keys } of secrets) {
    const values = keys.map(({ key, secret, version }) => `${key} (version ${version} of ${secret})`);
    err.write(`The namespace must have the Secret ${name} with ${values.join(', ')}.\n`);
  }
  for (const { name, bucket } of claims) {
    err.write(`The namespace must have the PersistentVolumeClaim ${name} with the content of the bucket ${bucket}.\n`);
  }
  err.write('Generated and checked against the schema of Kubernetes, not run: it needs Kubernetes 1.33 or later.\n');
}
