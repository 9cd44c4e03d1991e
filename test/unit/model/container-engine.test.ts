import { describe, expect, test } from 'vitest';
import { remedyText } from '../../../src/cli/errors.js';
import { type ContainerEngine, endpointOf, otherEngine } from '../../../src/model/container-engine.js';

const byContext: ContainerEngine = { id: 'a', client: 'docker', context: 'colima' };
const byHost: ContainerEngine = { id: 'b', client: 'docker', host: 'ssh://ci' };
const podman: ContainerEngine = { id: 'c', client: 'podman' };
const podmanByHost: ContainerEngine = { id: 'd', client: 'podman', host: 'ssh://vm' };

test.each([
  [byContext, 'docker context colima'],
  [byHost, 'DOCKER_HOST=ssh://ci'],
  [{ id: 'x', client: 'docker' }, 'the local docker'],
  [podman, 'the local podman'],
  [podmanByHost, 'CONTAINER_HOST=ssh://vm'],
] satisfies [ContainerEngine, string][])('%j is %s', (engine, endpoint) => {
  expect(endpointOf(engine)).toBe(endpoint);
});

describe('an execution that began on another engine', () => {
  test('names both engines', () => {
    expect(otherEngine('projects/p/locations/l/jobs/etl/executions/etl-1', byHost, byContext)).toMatchObject({
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
  ] satisfies [ContainerEngine, ContainerEngine, string][])('%j instead of %j: %s', (began, asked, way) => {
    const { fix } = otherEngine('projects/p/locations/l/jobs/x/executions/e', began, asked);
    expect(remedyText(fix ?? '').split(';')[0]).toBe(way);
  });
});
