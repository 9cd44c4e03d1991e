import { existsSync, statfsSync } from 'node:fs';
import path from 'node:path';
import type { Engine, EngineReport } from '../../runtime/docker/diagnosis.js';
import { homeObstacle } from '../../store/directory.js';
import type { Check } from './check.js';

/** Less free space than this, in bytes, is a warning or a problem. */
const [little, tooLittle] = [1024 ** 3, 32 * 1024 ** 2];

/** Architectures that run linux/amd64, as Cloud Run does, without emulation. */
const native = new Set(['x86_64', 'amd64']);

export function engineChecks({ client, endpoint, failure, engine }: EngineReport): Check[] {
  const at = endpoint && `${endpoint.address} (${endpoint.source})`;
  const reached = [client && `${client.kind} ${client.version}`, at && `at ${at}`].filter(Boolean).join(' ');
  if (!engine) {
    const found = [failure?.message, reached && `The client is ${reached}.`].filter(Boolean).join(' ');
    return [{ name: 'engine', state: 'problem', found, fix: failure?.fix }];
  }
  return [
    { name: 'engine', state: 'ok', found: `${reached}, engine ${engine.version}` },
    limits(engine),
    openFiles(engine),
    usage(engine),
    {
      name: 'architecture',
      found: `${engine.architecture}, and Cloud Run runs x86_64`,
      ...(native.has(engine.architecture)
        ? { state: 'ok' }
        : { state: 'warning', fix: 'install an emulation for linux/amd64, or run images of this platform' }),
    },
    ...(engine.local && existsSync(engine.directory) ? [space('engine disk', engine.directory)] : []),
  ];
}

function limits({ cgroup, unlimited, warnings }: Engine): Check {
  const name = 'limits';
  if (unlimited.length + warnings.length === 0) {
    return { name, state: 'ok', found: `memory, CPU and processes are limited, by cgroup ${cgroup}` };
  }
  const without = unlimited.length > 0 ? [`no limit for ${unlimited.join(', ')}`] : [];
  return {
    name,
    state: 'warning',
    found: `cgroup ${cgroup}: ${[...without, ...warnings].join('; ')}`,
    fix: 'enable these cgroup controllers for the engine; until then containers get more than their limits',
  };
}

/** It costs no run anything if containers are not measured. */
const usage = ({ unmeasured }: Engine): Check => ({
  name: 'usage',
  state: 'ok',
  found:
    unmeasured === undefined
      ? 'memory and CPU time of containers are measured'
      : `memory and CPU time of containers are not measured: ${unmeasured}`,
});

function openFiles({ openFiles: granted }: Engine): Check {
  const name = 'open files';
  if (granted === undefined) return { name, state: 'ok', found: 'not known before the first execution' };
  if (granted !== 'engine') return { name, state: 'ok', found: `${granted}, as in Cloud Run` };
  return {
    name,
    state: 'warning',
    found: "the engine's own limit is below the 25000 of Cloud Run, and containers get that one",
    fix: 'raise the hard limit of the engine (LimitNOFILE of its systemd unit), and remove the image localrun/sandbox',
  };
}

/** The free space where a directory is or will be. */
export function space(name: string, directory: string): Check {
  let there = directory;
  while (!existsSync(there)) there = path.dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const found = `${directory}: ${size(free)} free`;
  if (free >= little) return { name, state: 'ok', found };
  return { name, state: free < tooLittle ? 'problem' : 'warning', found, fix: 'free some space' };
}

const size = (bytes: number): string =>
  bytes >= little ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;

export function stateDirectory(home: string): Check {
  const name = 'state directory';
  const obstacle = homeObstacle(home);
  if (obstacle !== undefined) {
    const fix = 'make it a directory that you may write to, or name another one in LOCALRUN_HOME';
    return { name, state: 'problem', found: `${home} cannot be used: ${obstacle}`, fix };
  }
  return {
    name,
    state: 'ok',
    found: existsSync(home) ? home : `${home}, which is made when something is to be stored`,
  };
}
