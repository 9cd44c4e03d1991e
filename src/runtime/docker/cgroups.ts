import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerUsage } from '../../model/usage.js';

/** Where this machine has the hierarchies that count memory and CPU time, and all others. */
interface Hierarchies {
  version: 1 | 2;
  memory: string;
  cpu: string;
  all: readonly string[];
}

/** Where docker with the driver cgroupfs has the cgroups of containers: a program that looks for that finds it. */
const folder = 'docker';

/**
 * Measures containers by their cgroups. That of a container goes with its end, so each gets another one above it, whose
 * counters stay until it is removed. Where this machine does not show the engine's cgroups, or may not remove them,
 * nothing is measured: with the driver systemd, whose slices only systemd removes, and if the engine is on another
 * machine.
 */
export class Cgroups {
  readonly #hierarchies: Hierarchies | undefined;
  #ours = false;

  /** @param mounts what /proc/self/mountinfo says; empty on a machine without it */
  constructor(mounts = readIfAny('/proc/self/mountinfo')) {
    this.#hierarchies = hierarchies(mounts);
  }

  /**
   * Why containers of an engine are not measured, as far as that can be told before one has run; undefined if nothing is
   * known to prevent it.
   * @param driver what the engine manages cgroups with
   */
  obstacle(driver: string | undefined): string | undefined {
    const { memory } = this.#hierarchies ?? {};
    if (driver !== undefined && driver !== 'cgroupfs') {
      return `the engine's cgroup driver is ${driver}, and only cgroupfs lets others read them (docs/usage.md)`;
    }
    if (memory === undefined || !existsSync(path.join(memory, folder))) return 'this machine shows none of its cgroups';
    return isWritable(path.join(memory, folder)) ? undefined : 'this user may not remove its cgroups';
  }

  /** A container of the engine runs. If its cgroup is here, so are those of the others. */
  witness(id: string): void {
    const { memory } = this.#hierarchies ?? {};
    if (this.#ours || memory === undefined || !/^[0-9a-f]{64}$/.test(id)) return;
    this.#ours = existsSync(path.join(memory, folder, id)) && isWritable(path.join(memory, folder));
  }

  /** The cgroup above that of a container, for the engine; undefined if it could not be read or not be removed. */
  above(name: string): string | undefined {
    return this.#ours ? `/${folder}/${name}` : undefined;
  }

  /** What a container has used since its start, also after its end; undefined if it is not known. */
  usage(name: string): ContainerUsage | undefined {
    if (!this.#hierarchies) return undefined;
    const { version, memory, cpu } = this.#hierarchies;
    const read = (hierarchy: string, file: string): string => readIfAny(path.join(hierarchy, folder, name, file));
    const inMemory = keyed(read(memory, 'memory.stat'));
    const usage =
      version === 1
        ? {
            peak: number(read(memory, 'memory.max_usage_in_bytes')),
            cache: difference(inMemory.get('total_cache'), inMemory.get('total_shmem')),
            cpuSeconds: scaled(number(read(cpu, 'cpuacct.usage')), 1e9),
            oomKills: undefined,
          }
        : {
            peak: number(read(memory, 'memory.peak')),
            cache: difference(inMemory.get('file'), inMemory.get('shmem')),
            cpuSeconds: scaled(keyed(read(cpu, 'cpu.stat')).get('usage_usec'), 1e6),
            oomKills: keyed(read(memory, 'memory.events')).get('oom_kill'),
          };
    const { peak, cache = 0, cpuSeconds, oomKills } = usage;
    const found: ContainerUsage = {
      ...(peak !== undefined && { peakMemoryBytes: peak, cacheBytes: Math.min(cache, peak) }),
      ...(cpuSeconds !== undefined && { cpuSeconds }),
      ...(oomKills !== undefined && { oomKills }),
    };
    return Object.keys(found).length > 0 ? found : undefined;
  }

  /** The containers that have a cgroup above theirs, and whose names begin like this. */
  list(prefix: string): string[] {
    const names = (this.#hierarchies?.all ?? []).flatMap((hierarchy) => entries(path.join(hierarchy, folder)));
    return [...new Set(names.filter((name) => name.startsWith(prefix)))];
  }

  /** Removes the cgroup above that of a container, once that has ended. It is not an error if there is none. */
  async remove(name: string): Promise<void> {
    const { all = [] } = this.#hierarchies ?? {};
    await Promise.all(all.map((hierarchy) => rmdir(path.join(hierarchy, folder, name)).catch(() => {})));
  }
}

/** A line of mountinfo is `ID PARENT DEVICE ROOT POINT OPTIONS [FIELDS] - TYPE SOURCE SUPER_OPTIONS` (proc(5)). */
function hierarchies(mounts: string): Hierarchies | undefined {
  const found = mounts.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const [type = '', , options = ''] = source.split(' ');
    const point = mount.split(' ')[4]?.replaceAll(/\\(\d{3})/g, (_, code: string) => octal(code));
    return point !== undefined && /^cgroup2?$/.test(type) ? [{ point, type, options: options.split(',') }] : [];
  });
  const all = found.map(({ point }) => point);
  const legacy = (controller: string): string | undefined =>
    found.find(({ type, options }) => type === 'cgroup' && options.includes(controller))?.point;
  const [memory, cpu] = [legacy('memory'), legacy('cpuacct')];
  if (memory !== undefined && cpu !== undefined) return { version: 1, memory, cpu, all };
  const unified = found.find(
    ({ point, type }) => type === 'cgroup2' && /\bmemory\b/.test(readIfAny(path.join(point, 'cgroup.controllers'))),
  );
  return unified && { version: 2, memory: unified.point, cpu: unified.point, all };
}

const octal = (code: string): string => String.fromCharCode(Number.parseInt(code, 8));

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The directories below one. */
function entries(directory: string): string[] {
  try {
    const all = readdirSync(directory, { withFileTypes: true });
    return all.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const number = (text: string): number | undefined => (/^\d+\n?$/.test(text) ? Number(text) : undefined);

/** The numbers of a file with a `NAME NUMBER` on each line. */
const keyed = (text: string): ReadonlyMap<string, number> =>
  new Map([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));

const difference = (whole: number | undefined, part = 0): number | undefined =>
  whole === undefined ? undefined : Math.max(0, whole - part);

const scaled = (value: number | undefined, unit: number): number | undefined =>
  value === undefined ? undefined : value / unit;
