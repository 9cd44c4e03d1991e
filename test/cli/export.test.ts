import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cli } from '../support/io.js';

const spec = `name: nightly
template:
  taskCount: 3
  template:
    vpcAccess: { egress: ALL_TRAFFIC, networkInterfaces: [{ network: n }] }
    containers:
      - image: r.example/app:1
        env: [{ name: PASSWORD, valueSource: { secretKeyRef: { secret: password, version: '3' } } }]
        volumeMounts: [{ name: data, mountPath: /data }]
    volumes: [{ name: data, gcs: { bucket: my-data } }]
`;

describe('jobs export --to kubernetes', () => {
  test('prints an Indexed Job on stdout, and what the cluster needs on stderr', async () => {
    const { run, file } = cli();
    const { code, stdout, stderr } = await run(`jobs export -f ${file('job.yaml', spec)} --to kubernetes`);
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject({
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'nightly-' } },
      spec: { completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 3 },
    });
    expect(stderr).toBe(
      `WARNING: template.template.vpcAccess has no counterpart in a Job of Kubernetes: the network of the cluster applies.
The namespace must have the Secret password with 3 (version 3 of password).
The namespace must have the PersistentVolumeClaim my-data with the content of the bucket my-data.
Generated and checked against the schema of Kubernetes, not run: it needs Kubernetes 1.33 or later.
`,
    );
  });

  test('takes a stored job, as JSON, too', async () => {
    const { run, file } = cli();
    await run(`jobs replace ${file('job.yaml', spec)}`);
    const { code, stdout } = await run('jobs export nightly --to kubernetes --format json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Job', spec: { completions: 3 } });
  });

  test('must know the system', async () => {
    const { run, file } = cli();
    const name = file('job.yaml', spec);
    expect((await run(`jobs export -f ${name}`)).code).toBe(2);
    expect((await run(`jobs export -f ${name} --to nomad`)).code).toBe(2);
  });
});
