import path from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { ClusterRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole';
import { ClusterRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRoleBinding';
import { Role } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role';
import { RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1/RoleBinding';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { expect, test } from 'vitest';
import { cli } from '../../../support/io.js';
import { workerManifest } from '../../../../src/runtime/kubernetes/worker-manifest.js';

/** The published schemas, by kind. */
const schemas = {
  ...{ ServiceAccount, Role, RoleBinding, ClusterRole, ClusterRoleBinding, PersistentVolumeClaim, Deployment },
} as Record<string, new (data: object) => { validate(): void }>;

const fixtures = path.join(import.meta.dirname, '../../../fixtures/kubernetes/worker');

test.for([
  ['plain', '--image r.example/localrun:1'],
  ['placed', '--image r.example/localrun:1 --namespace batch --storage 50Gi --storage-class fast'],
])('the manifest of a worker, %s', async ([name = '', flags = '']) => {
  const { code, stdout } = await cli().run(`worker manifest ${flags}`);
  expect(code).toBe(0);
  await expect(stdout).toMatchFileSnapshot(path.join(fixtures, `${name}.yaml`));
});

test('every object of the manifest follows the schema of Kubernetes', () => {
  const plan = { namespace: 'batch', image: 'r.example/localrun:1', storage: '1Gi', storageClass: undefined };
  const objects = workerManifest(plan) as { kind: string }[];
  expect(objects.map(({ kind }) => kind)).toEqual(Object.keys(schemas));
  for (const object of objects) {
    const Schema = schemas[object.kind];
    if (!Schema) throw new Error(`${object.kind} has no schema`);
    new Schema(object).validate();
  }
});
