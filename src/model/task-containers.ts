import type { Container } from './schema/container.js';

type Named = Pick<Container, 'name' | 'dependsOn'>;

/**
 * The main container, whose end is the end of the task: the first one that no other container depends on. Cloud Run
 * documents no rule; on live jobs the task ends with its main container, and the others are stopped then.
 */
export function mainContainer(containers: readonly Named[]): number {
  const needed = new Set(containers.flatMap(({ dependsOn }) => dependsOn ?? []));
  const main = containers.findIndex(({ name }) => !name || !needed.has(name));
  return Math.max(0, main);
}

/** For each container, the indexes of the containers that must be up before it starts. */
export const dependencies = (containers: readonly Named[]): number[][] =>
  containers.map(({ dependsOn }) =>
    (dependsOn ?? []).map((name) => containers.findIndex((other) => other.name === name)).filter((i) => i >= 0),
  );

/** A container's name in messages and log files; its index if it has no name. */
export const containerLabel = ({ name }: Pick<Container, 'name'>, index: number): string =>
  name || `container-${index}`;
