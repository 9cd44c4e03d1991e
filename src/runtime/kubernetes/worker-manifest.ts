import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { PersistentVolumeClaim, ServiceAccount } from 'kubernetes-types/core/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from 'kubernetes-types/rbac/v1.js';
import type { ClusterWorker } from '../../model/cluster-worker.js';
import { helpful, needed, type Rights } from './rights.js';

/** Of all its objects. */
const name = 'localrun-worker';
const home = '/var/lib/localrun';
/** The user of the process, and the group of its volume. */
const user = 65_532;

/** The objects of a cluster worker, in the order in which they can be created. Its namespace must be there. */
export function workerManifest({ namespace, image, storage, storageClass }: ClusterWorker): object[] {
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'worker' };
  const metadata: ObjectMeta = { name, namespace, labels };
  // Beside those of workers in other namespaces.
  const wide: ObjectMeta = { name: `${name}-${namespace}`, labels };
  const subjects: Subject[] = [{ kind: 'ServiceAccount', name, namespace }];
  const rbac = 'rbac.authorization.k8s.io';
  const roleRef = (kind: string, of: ObjectMeta) => ({ apiGroup: rbac, kind, name: of.name ?? '' });
  const account: ServiceAccount = {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
  };
  const inNamespace = [...needed, ...helpful].filter(([resource]) => resource !== 'nodes');
  const role: Role = { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: rules(inNamespace) };
  const binding: RoleBinding = {
    ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef: roleRef('Role', metadata), subjects },
  };
  const nodes: ClusterRole = {
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: wide },
    rules: rules(helpful.filter(([resource]) => resource === 'nodes')),
  };
  const nodeBinding: ClusterRoleBinding = {
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: wide },
    ...{ roleRef: roleRef('ClusterRole', wide), subjects },
  };
  const claim: PersistentVolumeClaim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClass !== undefined && { storageClassName: storageClass }),
      resources: { requests: { storage } },
    },
  };
  const deployment: Deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
    spec: {
      // One process runs an execution: a second worker would only wait.
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: true,
          // With that of the container: what namespaces of the level `restricted` ask for.
          securityContext: {
            ...{ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user },
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              ...{ name: 'worker', image, imagePullPolicy: 'IfNotPresent', command: ['localrun', 'worker', 'run'] },
              env: [
                { name: 'LOCALRUN_HOME', value: home },
                { name: 'LOCALRUN_RUNTIME', value: 'kubernetes' },
              ],
              resources: { requests: { cpu: '100m', memory: '256Mi' } },
              securityContext: {
                ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [
                { name: 'home', mountPath: home },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'home', persistentVolumeClaim: { claimName: name } },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
    },
  };
  return [account, role, binding, nodes, nodeBinding, claim, deployment];
}

const rules = (rights: Rights): PolicyRule[] =>
  rights.map(([resource, verbs]) => ({ apiGroups: [''], resources: [resource], verbs: [...verbs] }));
