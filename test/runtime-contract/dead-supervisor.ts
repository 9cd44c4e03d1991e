import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'rolldown';
import { RuntimeAvailability } from '../../src/engine/availability.js';
import type { Handle } from '../../src/runtime/port.js';
import { sleep } from '../../src/runtime/sleep.js';
import { type runtimes, type Subject } from './runtimes.js';
import { scopeOf } from './scenario.js';
import { type Point, points, supervise } from './supervisor.js';

/** Kills a supervisor, with SIGKILL if it is a process, and returns the handles of its attempts. */
export async function deadSupervisor(
  name: keyof typeof runtimes,
  subject: Subject,
  home: string,
  suffix: string,
): Promise<Record<Point, Handle>> {
  const places = {} as Record<Point, Handle>;
  const done = (): boolean => points.every((point) => point in places);
  if (subject.inProcess) {
    const answered = new RuntimeAvailability(() => {}, Date.now);
    let dead = false;
    const scope = scopeOf(home, suffix, {
      availability: {
        insist: (request) => (dead ? new Promise(() => {}) : answered.insist(request)),
        wasAway: () => false,
      },
    });
    await supervise(subject.open(home), scope, subject.image, (point, handle) => (places[point] = handle));
    dead = true;
    return places;
  }
  const child = spawn(process.execPath, [await supervisorProgram(home), name, home, suffix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) {
    const { point, handle } = JSON.parse(line) as { point: Point; handle: Handle };
    places[point] = handle;
    if (done()) break;
  }
  if (!done()) throw new Error(`the supervisor has ended early, after ${Object.keys(places).join(', ')}`);
  // A different moment of the last start each time.
  await sleep(Math.random() * 100);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return places;
}

/** Bundles the supervisor, because Node.js 20 runs no TypeScript. */
async function supervisorProgram(directory: string): Promise<string> {
  const file = path.join(directory, 'supervisor.mjs');
  await build({
    input: path.join(import.meta.dirname, 'supervisor-process.ts'),
    platform: 'node',
    logLevel: 'silent',
    output: { file, format: 'esm', codeSplitting: false },
  });
  return file;
}
