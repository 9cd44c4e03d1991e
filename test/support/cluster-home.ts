import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Home } from './home.js';
import { lab } from './lab.js';

/** The long forms of the tests on a cluster: `npm run test:kubernetes` runs these, `npm test` shorter ones. */
export const long = process.env['LOCALRUN_KUBERNETES'] === 'all';

/** Has the commands of a home use the lab; `more` are further keys of `runtime`. */
export function onLab(home: Home, { namespace = 'jobs', ...more }: Record<string, unknown> = {}): void {
  const runtime = { kind: 'kubernetes', namespace, imagesOnNodes: true, ...more };
  home.config(JSON.stringify({ runtime }));
}

interface Labelled {
  metadata: { name: string };
}

/** The objects of a home. */
export async function objects(home: Home, kind: string, namespace = 'jobs'): Promise<Labelled[]> {
  const file = path.join(home.directory, 'id');
  if (!existsSync(file)) return [];
  const selector = `labelSelector=dev.localrun.home%3D${readFileSync(file, 'utf8').trim()}`;
  return (await lab.api('GET', `/api/v1/namespaces/${namespace}/${kind}?${selector}`)).items;
}

export async function nothingLeft(home: Home, namespace = 'jobs'): Promise<void> {
  const left = ['pods', 'secrets', 'configmaps'].map((kind) => objects(home, kind, namespace));
  expect((await Promise.all(left)).flat().map(({ metadata }) => metadata.name)).toEqual([]);
}

interface StartEvent {
  involvedObject: { name: string };
  count?: number;
}

/** `TASK-ATTEMPT` for every start of a container that kubelets report for an execution, sorted. */
export async function starts(execution: string, namespace = 'jobs'): Promise<string[]> {
  const { items } = (await lab.api('GET', `/api/v1/namespaces/${namespace}/events?fieldSelector=reason%3DStarted`)) as {
    items: StartEvent[];
  };
  return items
    .filter(({ involvedObject }) => involvedObject.name.startsWith(`${execution}-`))
    .flatMap(({ involvedObject, count = 1 }) =>
      Array.from({ length: count }, () => /\d+-\d+$/.exec(involvedObject.name)?.[0] ?? involvedObject.name),
    )
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The node of each task's last attempt, by its index; empty if it has none yet. */
export async function nodes(home: Home, execution: string): Promise<string[]> {
  const args = [
    'jobs',
    'executions',
    'tasks',
    'list',
    '--execution',
    execution,
    '--format=value[separator=" "](index,node)',
  ];
  const { stdout } = await home.run(args);
  const found = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')]));
  return found.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, node = '']) => node);
}
