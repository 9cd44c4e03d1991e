import type { Container } from './schema/container.js';

type Named = Pick<Container, 'name' | 'dependsOn'>;

/**
 * The container whose end is the end of the task: one that no other depends on; of several, the first. The service
 * documents no rule; on live jobs the task ends with its main container, and the others are stopped then.
 */
export function mainContainer(containers: readonly Named[]): number {
  const needed = new Set(containers.flatMap(({ dependsOn }) => dependsOn ?? []));
  const main = containers.findIndex(({ name }) => !name || !needed.has(name));
  return Math.max(0, main);
}

/** Which containers, by index, have to be up before each one starts. */
export const dependencies = (containers: readonly Named[]): number[][] =>
  containers.map(({ dependsOn }) =>
    (dependsOn ?? []).map((name) => containers.findIndex((other) => other.name === name)).filter((i) => i >= 0),
  );

/** What a container is called in messages and log files: its name, or its place where it has none. */
export const containerLabel = ({ name }: Pick<Container, 'name'>, index: number): string =>
  name || `container-${index}`;
