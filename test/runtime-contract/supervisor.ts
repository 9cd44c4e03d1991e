import type { AttemptRuntime, AttemptSpec, ExecutionScope, Handle } from '../../src/runtime/port.js';
import { sleep } from '../../src/runtime/sleep.js';
import { programs } from './programs.js';
import { attempt, container, type Counter, counted, start } from './scenario.js';

/** How far the attempts of a supervisor are when it is killed. */
export const points = ['placed', 'about to start', 'starting', 'running', 'ended'] as const;
export type Point = (typeof points)[number];

/** The attempt whose supervisor is killed at a point. */
export function attemptAt(point: Point, image: string, counter: Counter | undefined): AttemptSpec {
  const program = point === 'running' ? programs.run : programs.runBriefly;
  const main = counted(image, program, counter);
  const side = container(image, programs.serve, { name: 'side' });
  return attempt(points.indexOf(point), main, ...(point === 'running' ? [side] : []));
}

/** Brings an attempt to each point and reports it; then the test kills the supervisor. */
export async function supervise(
  runtime: AttemptRuntime,
  scope: ExecutionScope,
  reference: string,
  say: (point: Point, handle: Handle) => void,
): Promise<void> {
  const session = await runtime.open(scope);
  const [image] = await session.prepare([reference], new AbortController().signal, () => {});
  const { lacks } = await runtime.capabilities();
  const spec = (point: Point): AttemptSpec =>
    attemptAt(point, image?.id ?? '', lacks.hostFiles ? undefined : { home: scope.home, name: point });
  const begin = (point: Point) => start(session, spec(point));
  const [running, ended] = [begin('running'), begin('ended')];
  await Promise.all([
    running.observer.until(({ starts }) => starts.length === 2),
    running.observer.until((observer) => observer.text().includes('\n')),
    ended.ended,
  ]);
  say('running', running.handle);
  say('ended', ended.handle);
  say('placed', session.place(spec('placed')).handle);
  say('starting', begin('starting').handle);
  await sleep(150);
  say('about to start', begin('about to start').handle);
}
