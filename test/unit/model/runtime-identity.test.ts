import { describe, expect, test } from 'vitest';
import { remedyText } from '../../../src/cli/errors.js';
import {
  type Cluster,
  type ContainerEngine,
  type RuntimeIdentity,
  endpointOf,
  otherRuntime,
} from '../../../src/model/runtime-identity.js';

const byContext: ContainerEngine = { id: 'a', client: 'docker', context: 'colima' };
const byHost: ContainerEngine = { id: 'b', client: 'docker', host: 'ssh://ci' };
const podman: ContainerEngine = { id: 'c', client: 'podman' };
const podmanByHost: ContainerEngine = { id: 'd', client: 'podman', host: 'ssh://vm' };
const cluster: Cluster = { id: 'e', client: 'kubernetes', context: 'prod', namespace: 'batch' };
const inCluster: Cluster = { id: 'f', client: 'kubernetes', namespace: 'jobs' };

test.each([
  [byContext, 'docker context colima'],
  [byHost, 'DOCKER_HOST=ssh://ci'],
  [{ id: 'x', client: 'docker' }, 'the local docker'],
  [podman, 'the local podman'],
  [podmanByHost, 'CONTAINER_HOST=ssh://vm'],
  [cluster, 'namespace batch of the Kubernetes context prod'],
  [inCluster, 'namespace jobs of its cluster'],
] satisfies [RuntimeIdentity, string][])('%j is %s', (engine, endpoint) => {
  expect(endpointOf(engine)).toBe(endpoint);
});

describe('an execution that began on another engine', () => {
  test('names both engines', () => {
    expect(otherRuntime('projects/p/locations/l/jobs/etl/executions/etl-1', byHost, byContext)).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message:
        'Execution [etl-1] began on another container engine (DOCKER_HOST=ssh://ci) than the one in use now (docker context colima).',
      fix: [
        'set DOCKER_HOST=ssh://ci; if that engine is gone for good: ',
        { command: 'jobs executions delete', resource: 'projects/p/locations/l/jobs/etl/executions/etl-1' },
      ],
    });
  });

  test.each([
    [byContext, byHost, 'unset DOCKER_HOST, and set DOCKER_CONTEXT=colima'],
    [byContext, { ...byContext, context: 'default' }, 'set DOCKER_CONTEXT=colima'],
    [byHost, podman, 'set LOCALRUN_DOCKER=docker, and set DOCKER_HOST=ssh://ci'],
    [podmanByHost, podman, 'set CONTAINER_HOST=ssh://vm'],
    [podman, podmanByHost, 'unset CONTAINER_HOST'],
    [podman, byContext, 'set LOCALRUN_DOCKER=podman'],
    [byHost, { ...byHost, id: 'new' }, 'bring back the engine that had this address'],
    [
      cluster,
      podman,
      'set LOCALRUN_RUNTIME=kubernetes, and set runtime.context to prod, and set runtime.namespace to batch',
    ],
    [cluster, { ...cluster, namespace: 'other' }, 'set runtime.namespace to batch'],
    [cluster, { ...cluster, id: 'new' }, 'bring back the cluster that had this address'],
    [byHost, cluster, 'set LOCALRUN_RUNTIME=docker, and set DOCKER_HOST=ssh://ci'],
  ] satisfies [RuntimeIdentity, RuntimeIdentity, string][])('%j instead of %j: %s', (began, asked, way) => {
    const { fix } = otherRuntime('projects/p/locations/l/jobs/x/executions/e', began, asked);
    expect(remedyText(fix ?? '').split(';')[0]).toBe(way);
  });
});
